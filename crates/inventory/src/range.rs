//! Names with brackets: `web[01-20]`, `db[1,3,7-9]`, and Ansible's `web[01:20:2]`, `rack[a:f]`.

/// Most names that one pattern stands for.
pub(crate) const MOST: usize = 10_000;

/// The names that `pattern` stands for, in order; itself if it has no brackets. An error says
/// what is wrong.
pub(crate) fn expand(pattern: &str) -> Result<Vec<String>, &'static str> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        let (inner, behind) = after.split_once(']').ok_or("a bracket is not closed")?;
        let parts = parts(inner)?;
        let count = names.len().saturating_mul(parts.len());
        if count > MOST {
            return Err("it stands for too many names");
        }
        let combined = names.iter().flat_map(|name| {
            let join = move |part: &String| format!("{name}{before}{part}");
            parts.iter().map(join)
        });
        names = combined.collect();
        rest = behind;
    }
    if rest.contains(']') {
        return Err("a bracket is closed that was not opened");
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

fn parts(inner: &str) -> Result<Vec<String>, &'static str> {
    let mut all = Vec::new();
    for part in inner.split(',') {
        let part = part.trim();
        let mut ends = part.splitn(2, [':', '-']);
        let first = ends.next().unwrap_or_default();
        let Some(rest) = ends.next() else {
            all.push(single(first)?);
            continue;
        };
        let (last, step) = rest.split_once(':').unwrap_or((rest, "1"));
        let step: usize = step.parse().map_err(|_| "a step is a number")?;
        if step == 0 {
            return Err("a step is at least 1");
        }
        match (one_letter(first), one_letter(last)) {
            (Some(first), Some(last)) if first <= last => {
                all.extend((first..=last).step_by(step).map(String::from));
            }
            (None, None) => numbers(first, last, step, &mut all)?,
            _ => return Err("a range runs upwards from number to number or letter to letter"),
        }
        if all.len() > MOST {
            return Err("it stands for too many names");
        }
    }
    Ok(all)
}

fn single(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err("brackets hold ranges such as [01-20], or lists such as [1,3,7-9]");
    }
    Ok(text.to_owned())
}

fn one_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    let first = letters.next().filter(char::is_ascii_alphabetic)?;
    letters.next().is_none().then_some(first)
}

/// `01` to `20` keeps its zeros.
fn numbers(
    first: &str,
    last: &str,
    step: usize,
    all: &mut Vec<String>,
) -> Result<(), &'static str> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = digits.then(|| text.parse::<u32>().ok()).flatten();
        value.ok_or("a range runs from number to number or from letter to letter")
    };
    let (from, to) = (number(first)?, number(last)?);
    if from > to {
        return Err("a range runs upwards");
    }
    if (to - from) as usize / step >= MOST {
        return Err("it stands for too many names");
    }
    let width = if first.starts_with('0') {
        first.len()
    } else {
        0
    };
    all.extend((from..=to).step_by(step).map(|n| format!("{n:0width$}")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_stand_for_names() {
        let cases: [(&str, &[&str]); 9] = [
            ("web01", &["web01"]),
            ("web[08-11]", &["web08", "web09", "web10", "web11"]),
            ("web[8-11]", &["web8", "web9", "web10", "web11"]),
            ("db[1,3,7-8].x", &["db1.x", "db3.x", "db7.x", "db8.x"]),
            ("web[01:05:2]", &["web01", "web03", "web05"]),
            ("rack[a:c]", &["racka", "rackb", "rackc"]),
            ("r[1-2]n[1-2]", &["r1n1", "r1n2", "r2n1", "r2n2"]),
            ("[a,b]", &["a", "b"]),
            ("", &[""]),
        ];
        for (pattern, expected) in cases {
            assert_eq!(expand(pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn wrong_brackets_are_refused() {
        for pattern in [
            "web[",
            "web]",
            "web[]",
            "web[1-",
            "web[1-]",
            "web[-1]",
            "web[3-1]",
            "web[a-3]",
            "web[1:2:0]",
            "web[1:2:x]",
            "web[0-99999]",
            "w[0-999]x[0-999]",
            "w[1-4294967296]",
            "w[c-a]",
            "w[[1-2]]",
        ] {
            assert!(expand(pattern).is_err(), "{pattern}");
        }
    }
}
