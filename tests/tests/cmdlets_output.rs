//! What pipelines print, as cmdlets give it: every byte of it once, however much there is.

use std::fs;

use winsta_tests::desk::Desk;

#[test]
fn lines_come_as_they_were_printed() {
    let desk = Desk::new();
    let script = r"printf 'one\r\n\n\ttwo \r three\r\n\n'
        printf 'a\377b _x000A_ <&> \360\237\230\200\n'
        head -c 50000 /dev/zero | tr '\0' x; echo
        seq 3; echo wrong >&2
        printf 'the end'";
    fs::write(desk.folder().join("print.sh"), script).expect("a file");
    let print = format!(
        "Invoke-Command $(New-PSSession) -FilePath {}/print.sh",
        desk.folder().display()
    );
    let ran = desk.bash(&print);
    let long = "x".repeat(50_000);
    let expected = format!(
        "one\n\n\ttwo \r three\n\na\u{fffd}b _x000A_ <&> \u{1f600}\n{long}\n1\n2\n3\nthe end\n"
    );
    assert_eq!((ran.out, ran.err.as_str()), (expected, "wrong\n"));
}

#[test]
fn a_flood_comes_whole() {
    let desk = Desk::new();
    let ran = desk.bash(
        "seq 1000000 | cksum
        Invoke-Command {seq 1000000} | cksum
        s=$(New-PSSession)
        Invoke-Command $s {seq 1000000} | cksum
        Invoke-Command $s {echo next}",
    );
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(ran.err, "");
    assert!(
        matches!(lines[..], [own, a, b, "next"] if own == a && own == b),
        "{lines:?}"
    );
}

#[test]
fn who_comes_later_gets_the_rest_of_a_flood() {
    let desk = Desk::new();
    let ran = desk.bash(
        "s=$(New-PSSession)
        Invoke-Command $s {seq 1000000} | head -n 1
        Receive-PSSession $s | awk 'NR > 1 && $1 != last + 1 {print \"a gap\"} {last = $1} END {print last}'
        Invoke-Command $s {echo next}",
    );
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("1\n1000000\nnext\n", "")
    );
}
