"""A report to be read in a terminal."""

from collections import Counter

from scanners.finding import Report, Severity


def render(report: Report) -> str:
    """One line a finding, then what could not be read, then one line of counts."""
    lines = [
        f"{found.path}:{found.line}: {found.severity} {found.rule}: {found.message}"
        + (" (low confidence)" if found.confidence == "low" else "")
        for found in report.findings
    ]
    lines += [
        f"{file.path}:{file.problem.line or 1}: not read ({file.problem.code}): "
        f"{file.problem.message} {file.problem.next_step}"
        for file in report.files
        if file.problem
    ]
    idle = [ignore for ignore in report.suppressions if not ignore.reason]
    lines += [f"{ignore.path}:{ignore.line}: this suppression has no reason, so it excuses nothing" for ignore in idle]
    return "\n".join([*lines, _summary(report)])


def _summary(report: Report) -> str:
    severities = Counter(found.severity for found in report.findings)
    counted = ", ".join(f"{severities[severity]} {severity}" for severity in reversed(Severity) if severities[severity])
    sites = sum(count.sites for count in report.counts.values())
    return (
        f"{len(report.findings)} findings ({counted or 'none'}) at {sites:,} sites in {report.python_files:,} files "
        f"of {report.lines:,} lines; {report.coverage:.1%} of them read, {len(report.skipped)} files left out"
    )
