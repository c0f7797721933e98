//! The shell that a user's sessions run.

/// Shells that every machine has one of.
const USUAL: [&str; 2] = ["/bin/bash", "/bin/sh"];

/// The shell that stands behind a login shell: itself, unless that is this very program, under
/// whatever name; then the configured one or a usual one.
pub fn usable(login_shell: &str, configured: Option<&str>) -> String {
    let name = login_shell.rsplit('/').next().unwrap_or_default();
    if !name.is_empty() && !name.starts_with("winsta") {
        return login_shell.to_owned();
    }
    if let Some(configured) = configured {
        return configured.to_owned();
    }
    let exists = |shell: &&str| std::path::Path::new(shell).exists();
    let found = USUAL.into_iter().find(exists);
    found.unwrap_or("/bin/sh").to_owned()
}

#[cfg(test)]
mod tests {
    use super::usable;

    #[test]
    fn nobody_logs_in_for_ever() {
        assert_eq!(usable("/bin/zsh", Some("/bin/fish")), "/bin/zsh");
        assert_eq!(
            usable("/usr/bin/winsta-login", Some("/bin/fish")),
            "/bin/fish"
        );
        for none in ["", "/usr/local/bin/winsta"] {
            let shell = usable(none, None);
            assert!(super::USUAL.contains(&shell.as_str()), "{shell}");
        }
    }
}
