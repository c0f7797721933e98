import ast, builtins, io, json, linecache, os, signal, sys, traceback, types


def serve():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a command starts must not read the commands that come, nor can it close what marks go to.
    commands, out, err = os.fdopen(os.dup(0), "rb"), os.dup(1), os.dup(2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    main = types.ModuleType("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    names = main.__dict__

    def mark(number, status):
        for stream, to in ((sys.stdout, out), (sys.stderr, err)):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
            os.write(to, b"\x1e%s;%d;%d\x1f" % (word, number, status))

    def run(text, name):
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        tree = compile(text, name, "exec", ast.PyCF_ONLY_AST)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)
        if last is not None:
            # A value at the end is shown, as where somebody types.
            exec(compile(ast.Interactive([last]), name, "single"), names)

    def complain(error, name):
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != name:
            trace = trace.tb_next
        traceback.print_exception(error.with_traceback(trace))

    def command(text, name):
        try:
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                run(text, name)
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            return 0
        except SystemExit:
            raise
        except KeyboardInterrupt:
            return 130
        except BaseException as error:
            complain(error, name)
            return 1

    first = json.loads(commands.readline())
    word = first["word"].encode()
    if first["startup"]:
        with open(first["startup"], encoding="utf-8") as file:
            command(file.read(), first["startup"])
    mark(0, 0)
    for line in commands:
        number, text, given = json.loads(line)
        status = 130
        if text is not None:
            sys.stdin = io.StringIO("".join(f"{one}\n" for one in given))
            status = command(text, "<command>")
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        mark(number, status)


serve()
