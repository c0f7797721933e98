# A session prints more than any buffer holds, behind pipelines that are over and that their client
# never ends.
with RunspacePool(ws()) as pool:
    for _ in range(3):
        assert pipe(pool, "echo short").output == ["short"]
    for size in (300_000, 4_000_000, 4_000_000):
        lines = pipe(pool, f"yes {'x' * 99} | head -c {size}").output
        assert lines == ["x" * 99] * (size // 100), (size, len(lines))
