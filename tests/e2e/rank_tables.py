"""What `kvwire rank` measures, for tests that look something up in it."""

import programs


def tables(*arguments, expected_code=0):
    """The workloads of a comparison by name."""
    result = programs.judged(*arguments, expected_code=expected_code)
    return {table["workload"]: table for table in result["workloads"]}


def rows_of(table):
    """The rows of a table by (algorithm, server)."""
    return {(row["algorithm"], row["server"]): row for row in table["rows"]}


def row_of(table, algorithm):
    return rows_of(table)[(algorithm, "built-in")]


def mean(row, statistic):
    return row["statistics"][statistic]["mean"]
