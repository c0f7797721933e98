//! What a client's command line means here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The program that runs command lines.
const SHELL: &str = "/bin/bash";
/// Names of PowerShell's own program.
const POWERSHELL: [&str; 4] = ["powershell", "powershell.exe", "pwsh", "pwsh.exe"];

/// The program and its arguments. With `without_shell` the command is a program itself; else the
/// line is one of bash's, except that a script which clients of Windows encode for PowerShell's
/// program is decoded and run by bash where `has_powershell` says that there is none.
pub(super) fn program(
    command: &str,
    arguments: &[String],
    without_shell: bool,
    has_powershell: impl Fn(&str) -> bool,
) -> Vec<String> {
    if without_shell {
        let command = std::iter::once(command.to_owned());
        return command.chain(arguments.iter().cloned()).collect();
    }
    let words = std::iter::once(command).chain(arguments.iter().map(String::as_str));
    let line = words.collect::<Vec<_>>().join(" ");
    let script = encoded(&line, has_powershell).unwrap_or(line);
    vec![SHELL.to_owned(), "-c".to_owned(), script]
}

/// The script in a line of the form `powershell … -EncodedCommand BASE64`.
fn encoded(line: &str, has_powershell: impl Fn(&str) -> bool) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let program = words.next()?;
    let name = program.to_ascii_lowercase();
    if !POWERSHELL.contains(&name.as_str()) || has_powershell(program) {
        return None;
    }
    words.find(|word| {
        let word = word.to_ascii_lowercase();
        let name = word.strip_prefix('-');
        name == Some("ec")
            || name.is_some_and(|name| !name.is_empty() && "encodedcommand".starts_with(name))
    })?;
    let bytes = STANDARD.decode(words.next()?).ok()?;
    let (units, rest) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
    let script = char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()?;
    rest.is_empty().then_some(script)
}

/// Whether there is a program of this name on the PATH.
pub(super) fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command: &str, arguments: &[&str], without_shell: bool, has: bool) -> Vec<String> {
        let arguments = arguments.iter().map(|&a| a.to_owned()).collect::<Vec<_>>();
        program(command, &arguments, without_shell, |_| has)
    }

    #[test]
    fn lines_are_for_bash() {
        assert_eq!(
            run("echo", &["a", "|", "cat"], false, false),
            ["/bin/bash", "-c", "echo a | cat"]
        );
        assert_eq!(
            run("echo", &["a b", "|"], true, false),
            ["echo", "a b", "|"]
        );
    }

    #[test]
    fn encoded_scripts_are_decoded_where_there_is_no_powershell() {
        let script = "printf '%s' \u{e9}";
        let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let line = format!(
            "powershell -NoProfile -encodedcommand {}",
            STANDARD.encode(bytes)
        );
        assert_eq!(run(&line, &[], false, false), ["/bin/bash", "-c", script]);
        assert_eq!(
            run(&line, &[], false, true),
            ["/bin/bash", "-c", line.as_str()]
        );
        for other in [
            "powershell",
            "powershell -enc %%%",
            "echo -enc AAAA",
            "pwsh -enc AA==",
        ] {
            assert_eq!(run(other, &[], false, false), ["/bin/bash", "-c", other]);
        }
    }
}
