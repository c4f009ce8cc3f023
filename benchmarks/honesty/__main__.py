"""Measures everything and writes benchmarks/honesty.md."""

from pathlib import Path

from benchmarks.honesty.false_alarms import sample
from benchmarks.honesty.recall import verdicts
from benchmarks.honesty.report import report

REPORT = Path(__file__).parent.with_suffix(".md")

if __name__ == "__main__":
    text = report(sample(), verdicts())
    REPORT.write_text(text)
    print(text)
