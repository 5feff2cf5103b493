"""One page of feedback for each submission: points, reasons, what went wrong in which cell.

The page stands alone: no script, nothing loaded from elsewhere. Every text that a student's code may
have had a hand in is escaped.
"""

import base64
import hashlib
import re
from html import escape

from coursework.records import number
from coursework.submissions import plain

LONGEST = 2000  # characters of a reason or a message
STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5a6275; --line: #c9cfdb; --page: #fff;
  --good: #146c43; --bad: #a4262c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf1; --soft: #a8b0c2; --line: #444c5e;
  --page: #14181f; --good: #6fd3a2; --bad: #ff9c95; } }
body { font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; } .soft { color: var(--soft); }
.score { font-size: 1.25rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem .4rem 0;
  border-top: 1px solid var(--line); }
.found td { border-top: 0; padding: 0 0 .6rem; }
td.points { white-space: nowrap; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); }
bdi, pre { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; font: .9rem/1.45 ui-monospace, monospace; margin: 0; }
"""
DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{DIGEST}'; base-uri 'none'; form-action 'none'"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{heading}: feedback for {student}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p class="soft">Feedback for {who}, file <bdi>{file}</bdi></p>
<p class="score">{score} of {max_score} points</p>
{body}
</main>
</body>
</html>
"""


def page(submission, result, title=""):
    """Write the feedback of a submission.

    Parameters
    ----------
    submission : coursework.submissions.Submission
    result : dict
        What `coursework.unit.grade_one` gave.
    title : str
        The title of the assignment.

    Returns
    -------
    str
        An HTML page.
    """
    parts = [_reason(result), _questions(result), _cells(result)]
    return PAGE.format(
        policy=escape(POLICY),
        style=STYLE,
        heading=safe(result["assignment"] + (f": {title}" if title else "")),
        student=safe(submission.student),
        who=f"<bdi>{safe(submission.name or submission.student)}</bdi>",
        file=safe(submission.file),
        score=number(result["score"]),
        max_score=number(result["max_score"]),
        body="\n".join(part for part in parts if part),
    )


def safe(text):
    """Escape a text for HTML; line breaks stay, other control characters become visible."""
    text = str(text)
    text = text if len(text) <= LONGEST else text[:LONGEST] + " ..."
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # the colours of a traceback
    return escape("\n".join(plain(line) for line in text.split("\n")))


def _reason(result):
    return f'<p class="bad">Nothing could be graded: {safe(result["reason"])}</p>' if result["reason"] else ""


def _questions(result):
    rows = []
    for name, question in result["questions"].items():
        right = not question["reason"] and question["points"] == question["max_points"]
        rows.append(
            f'<tr><th scope="row">{safe(name)}</th><td>{safe(question["title"])}</td>'
            f'<td class="points">{number(question["points"])} of {number(question["max_points"])}'
            + ('<span class="good">, right</span>' if right else "")
            + "</td></tr>"
        )
        if question["reason"] and question["reason"] != result["reason"]:  # else it is said above
            rows.append(f'<tr class="found"><td colspan="3"><pre>{safe(question["reason"])}</pre></td></tr>')
    return (
        "<h2>Questions</h2>\n<table>\n<caption>Points for each question, and what was found</caption>\n"
        '<thead><tr><th scope="col">Question</th><th scope="col">About</th><th scope="col">Points</th></tr>'
        "</thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>"
    )


def _cells(result):
    rows = [
        f'<tr><th scope="row">{safe(cell["number"])}</th><td>{safe(cell["status"])}</td>'
        f"<td><pre>{safe(cell['message'])}</pre></td></tr>"
        for cell in result["cells"]
        if cell["status"] != "ok"
    ]
    if not rows:
        return ""
    return (
        "<h2>Cells that did not run to their end</h2>\n"
        "<p>A cell that raises costs no points by itself. What it was to define is missing afterwards.</p>\n"
        "<table>\n<caption>Code cells are counted from 1, from the top of the notebook</caption>\n"
        '<thead><tr><th scope="col">Cell</th><th scope="col">What happened</th><th scope="col">Message</th>'
        "</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>"
    )
