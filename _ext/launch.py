"""A Sphinx extension: where the repository is public, every chapter has buttons that run it.

The setting `repository` of _config.yml names it; Binder builds it from the folder binder/, Colab
opens the notebook (elsewhere.md says what its first cell must install).
"""

BUTTONS = {
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def add_buttons(app, config):
    if config.repository:  # the theme fails on buttons that lead nowhere
        config.html_theme_options |= {
            "repository_url": config.repository,
            "repository_branch": "main",
            "launch_buttons": BUTTONS,
        }


def setup(app):
    app.add_config_value("repository", "", "html")
    app.connect("config-inited", add_buttons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
