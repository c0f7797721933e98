//! `/proc/PID/cgroup`.

/// The group that systemd put a process into: in the unified tree, else in systemd's own.
pub fn group(text: &str) -> Option<&str> {
    let of = |controllers: &str| {
        text.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':');
            let _number = parts.next()?;
            (parts.next()? == controllers)
                .then(|| parts.next())
                .flatten()
        })
    };
    let whole = |path: &&str| path.starts_with('/') && *path != "/";
    let unified = of("").filter(whole);
    unified.or_else(|| of("name=systemd").filter(whole))
}

/// The login that a group is of, by logind's name: `3` in `…/session-3.scope/…`.
pub fn login(group: &str) -> Option<&str> {
    group.split('/').find_map(|part| {
        let name = part.strip_prefix("session-")?.strip_suffix(".scope")?;
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_groups() {
        let hybrid = "9:name=systemd:/\n8:pids:/\n0::/user.slice/user-1002.slice/session-3.scope\n";
        let legacy = "9:name=systemd:/user.slice/user-0.slice/session-c1.scope\n0::/\n";
        let unified = "0::/user.slice/user-1002.slice/user@1002.service/app.slice/x:y.scope\n";
        assert_eq!(group(hybrid).and_then(login), Some("3"));
        assert_eq!(group(legacy).and_then(login), Some("c1"));
        assert!(group(unified).is_some_and(|group| group.ends_with("/x:y.scope")));
        assert_eq!(group(unified).and_then(login), None);
        assert_eq!(group("0::/\n"), None);
        assert_eq!(login("/session-.scope"), None);
    }
}
