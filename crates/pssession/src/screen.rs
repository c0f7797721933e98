//! What a pipeline calls on its client's host: text is shown, questions are declined.

use winsta_psrp::CallId;
use winsta_psrp::clixml::Value;
use winsta_psrp::message::{ErrorCategory, ErrorRecord, HostCall, HostMethod, HostResponse};

use crate::saying::Saying;

/// Bytes after which a line is shown even if it has no end.
const LINE: usize = 64 << 10;

/// Lines that a pipeline writes to its client's screen.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    line: String,
}

impl Screen {
    /// What a call shows, if it is one that shows something.
    pub(crate) fn show(&mut self, call: &HostCall) -> Option<Saying> {
        let text = || {
            let last = call.parameters.last().and_then(Value::display);
            last.unwrap_or_default().into_owned()
        };
        match call.method {
            HostMethod::WRITE1 | HostMethod::WRITE2 => {
                self.line.push_str(&text());
                (self.line.len() > LINE).then(|| self.end())
            }
            HostMethod::WRITE_LINE1 => Some(self.end()),
            HostMethod::WRITE_LINE2 | HostMethod::WRITE_LINE3 => {
                self.line.push_str(&text());
                Some(self.end())
            }
            HostMethod::WRITE_ERROR_LINE => Some(Saying::Error { text: text() }),
            HostMethod::WRITE_WARNING_LINE => Some(Saying::Warning { text: text() }),
            HostMethod::WRITE_VERBOSE_LINE => Some(Saying::Verbose { text: text() }),
            HostMethod::WRITE_DEBUG_LINE => Some(Saying::Debug { text: text() }),
            _ => None,
        }
    }

    /// What a line without an end shows.
    pub(crate) fn rest(&mut self) -> Option<Saying> {
        (!self.line.is_empty()).then(|| self.end())
    }

    fn end(&mut self) -> Saying {
        let text = std::mem::take(&mut self.line);
        Saying::Information { text }
    }
}

/// The answer to a call that waits for one: nobody can be asked. Without it the pipeline would wait
/// for ever.
pub(crate) fn decline(call: &HostCall) -> Option<HostResponse> {
    if call.call == CallId::NO_ANSWER {
        return None;
    }
    let name = call.method.name().unwrap_or("this");
    let text = format!("The client of this session cannot do {name}: it asks its user nothing.");
    let error = ErrorRecord::new(
        &["System.Management.Automation.Host.HostException"],
        &text,
        ErrorCategory::NOT_IMPLEMENTED,
        "HostFunctionNotImplemented",
    );
    Some(HostResponse {
        call: call.call,
        method: call.method,
        result: None,
        error: Some(error),
    })
}
