//! Exchanges that pypsrp recorded with real Windows hosts: each envelope is read, and says the same
//! when it is written again.

use winsta_python::recordings;
use winsta_wsman::xml::{Element, Limits, Ns, parse};
use winsta_wsman::{Reply, Request, duration};

/// What an element says, whatever the order of what has none: attributes, and parts of the header
/// and of a shell. Spans of time can be written in several ways, and so can the name of a shell and
/// a stream that goes on.
fn said(element: &Element) -> String {
    let name = format!("{:?}:{}", element.name.ns, element.name.local);
    let mut attributes: Vec<_> = element
        .attributes
        .iter()
        .map(|(name, value)| format!("{}={}", name.local, value.to_lowercase()))
        .filter(|attribute| attribute != "End=false")
        .collect();
    let mut children: Vec<_> = element.children.iter().collect();
    let named = element.find(&Ns::Shell, "Name");
    if let (true, Some(named)) = (element.is(&Ns::Shell, "Shell"), named)
        && element.find(&Ns::Shell, "ShellId").is_none()
    {
        attributes.push(format!("Name={}", named.text.to_lowercase()));
        children.retain(|child| !child.is(&Ns::Shell, "Name"));
    }
    attributes.sort();
    let mut children: Vec<_> = children.into_iter().map(said).collect();
    if ["Header", "Shell"].contains(&&*element.name.local) {
        children.sort();
    }
    let text = element.text.trim();
    let text = duration::parse(text).map_or_else(|| text.to_owned(), |span| format!("{span:?}"));
    format!("<{name} {attributes:?}>{text}{}</>", children.concat())
}

#[test]
fn every_envelope_says_the_same_again() {
    let recordings = match recordings() {
        Ok(recordings) => recordings,
        Err(missing) => return println!("skipped: {missing}"),
    };
    let read = |text: &str| parse(text, Limits::default()).expect("it is XML");
    let (mut requests, mut replies) = (0, 0);
    for recording in &recordings {
        for exchange in &recording.exchanges {
            if exchange.request.trim_start().starts_with('<') {
                requests += 1;
                match Request::parse(&exchange.request) {
                    Ok(request) => {
                        let (theirs, ours) = (read(&exchange.request), read(&request.to_text()));
                        assert_eq!(said(&ours), said(&theirs), "{}", recording.name);
                    }
                    // Recorded to see what Windows says to it: the same.
                    Err(unreadable) => {
                        assert!(exchange.request.contains("PT-1S"), "{}", recording.name);
                        let text = unreadable.fault.text().trim();
                        assert!(exchange.response.contains(text), "{text}");
                        let code = unreadable.fault.code().to_string();
                        assert!(exchange.response.contains(&code), "{code}");
                    }
                }
            }
            if exchange.response.trim_start().starts_with('<') {
                replies += 1;
                let reply = Reply::parse(&exchange.response);
                let reply = reply.unwrap_or_else(|error| panic!("{}: {error}", recording.name));
                let (theirs, ours) = (read(&exchange.response), read(&reply.to_text()));
                assert_eq!(said(&ours), said(&theirs), "{}", recording.name);
            }
        }
    }
    println!("{requests} requests, {replies} replies");
    assert_eq!((requests, replies), (521, 520));
}
