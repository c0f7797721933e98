//! Messages as notifications (Desktop Notifications Specification 1.2), by whatever shows them to
//! the desktop's user.

use std::collections::HashMap;
use std::time::Duration;

use zbus::zvariant::Value;
use zbus::{Connection, Proxy};

use super::{Failed, Message};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The urgency of what is shown also to those who do not wish to be disturbed.
const CRITICAL: u8 = 2;
/// What a notifier calls its ability to read bodies as markup.
const MARKUP: &str = "body-markup";

/// Shows a message; returns when the notifier has taken it.
pub(super) fn show(message: &Message<'_>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let shown = runtime.block_on(async { tokio::time::timeout(PATIENCE, notify(message)).await });
    match shown {
        Ok(Ok(_number)) => Ok(()),
        Ok(Err(error)) => Err(format!("nothing shows notifications: {error}").into()),
        Err(_elapsed) => Err("what shows notifications does not answer".into()),
    }
}

/// Gives the notification's number.
async fn notify(message: &Message<'_>) -> zbus::Result<u32> {
    let bus = Connection::session().await?;
    let notifier = Proxy::new(&bus, NAME, PATH, NAME).await?;
    let abilities: Vec<String> = notifier.call("GetCapabilities", &()).await?;
    let text = message.lines.join("\n");
    let body = if abilities.iter().any(|ability| ability == MARKUP) {
        escaped(&text)
    } else {
        text
    };
    let none: [&str; 0] = [];
    let hints = HashMap::from([("urgency", Value::U8(CRITICAL))]);
    let milliseconds = message.seconds.saturating_mul(1_000);
    let words = (
        "winsta",
        0_u32,
        "dialog-information",
        message.title.as_str(),
        body.as_str(),
        &none[..],
        hints,
        i32::try_from(milliseconds).unwrap_or(i32::MAX),
    );
    notifier.call("Notify", &words).await
}

/// The text with what markup would take for its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_is_markup() {
        assert_eq!(
            escaped("<b>rain</b> & \"wind\""),
            "&lt;b&gt;rain&lt;/b&gt; &amp; \"wind\""
        );
    }
}
