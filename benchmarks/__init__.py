"""What the course's claims about speed rest on: programs that measure, and what they measured.

    python -m benchmarks.convolution        convolution, pooling and LeNet against PyTorch and others
    python -m benchmarks.descriptors        descriptors of one image against scikit-image

Each prints a table and stores it in ``benchmarks/results``. Here, unlike in cnnlib, PyTorch may be
imported: it is what we compare with.
"""
