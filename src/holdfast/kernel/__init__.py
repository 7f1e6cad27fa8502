"""Plain Python that every layer may use: money, periods, ids, the clock, errors, lifecycles."""
