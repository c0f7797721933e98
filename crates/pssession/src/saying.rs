//! What a pipeline says, as its user gets it.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use winsta_psrp::client::PipelineEvent;
use winsta_psrp::clixml::Value;
use winsta_psrp::message::{Information, Progress};

/// How deep objects are shown.
const DEPTH: usize = 8;

/// Something that a pipeline says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stream", rename_all = "snake_case")]
pub enum Saying {
    /// An object that it wrote, or lines of text.
    Output {
        /// Its text, or the lines.
        text: String,
        /// The object, if it is more than its text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Json>,
    },
    /// An error.
    Error {
        /// Its text.
        text: String,
    },
    /// A warning.
    Warning {
        /// Its text.
        text: String,
    },
    /// Something that only who wants details reads.
    Verbose {
        /// Its text.
        text: String,
    },
    /// Something for whoever looks for mistakes.
    Debug {
        /// Its text.
        text: String,
    },
    /// Something for whoever sits in front of it.
    Information {
        /// Its text.
        text: String,
    },
    /// How far it is.
    Progress {
        /// What it does.
        activity: String,
        /// How that stands.
        status: String,
        /// In percent; negative if it does not know.
        percent: i32,
    },
}

/// Bytes up to which lines are put together.
const TOGETHER: usize = 64 << 10;

impl Saying {
    /// Puts it behind others: a line of text goes to the lines before it.
    pub(crate) fn add(all: &mut Vec<Self>, saying: Self) {
        if let Self::Output { text, value: None } = &saying
            && let Some(Self::Output {
                text: lines,
                value: None,
            }) = all.last_mut()
            && lines.len() < TOGETHER
        {
            lines.push('\n');
            lines.push_str(text);
            return;
        }
        all.push(saying);
    }

    /// What an event is to the user; nothing if it is not for them.
    pub(crate) fn of(event: PipelineEvent) -> Option<Self> {
        Some(match event {
            // Nearly all output is text.
            PipelineEvent::Output(Value::Text(text)) => Self::Output {
                text: text.into_string_lossy(),
                value: None,
            },
            PipelineEvent::Output(value) => Self::output(&value),
            PipelineEvent::Error(error) => Self::Error {
                text: error.message(),
            },
            PipelineEvent::Warning(record) => Self::Warning {
                text: record.message,
            },
            PipelineEvent::Verbose(record) => Self::Verbose {
                text: record.message,
            },
            PipelineEvent::Debug(record) => Self::Debug {
                text: record.message,
            },
            PipelineEvent::Information(information) => Self::information(&information),
            PipelineEvent::Progress(progress) => Self::progress(progress),
            PipelineEvent::HostCall(_) | PipelineEvent::State(_) => return None,
        })
    }

    fn output(value: &Value) -> Self {
        if let Some(text) = value.as_text() {
            let text = text.to_string_lossy().into_owned();
            return Self::Output { text, value: None };
        }
        let json = json(value, DEPTH);
        let text = match value.display() {
            Some(text) => text.into_owned(),
            None => properties(&json),
        };
        let value = Some(json);
        Self::Output { text, value }
    }

    fn information(information: &Information) -> Self {
        let data = &information.data;
        let message = data.property("Message").unwrap_or(data);
        let text = message.display().unwrap_or_default().into_owned();
        Self::Information { text }
    }

    fn progress(progress: Progress) -> Self {
        Self::Progress {
            activity: progress.activity,
            status: progress.status,
            percent: progress.percent_complete,
        }
    }
}

/// An object's properties, a line for each.
fn properties(json: &Json) -> String {
    match json {
        Json::Object(map) => {
            let width = map.keys().map(|name| name.chars().count()).max();
            let width = width.unwrap_or_default();
            let lines = map.iter().map(|(name, value)| {
                let value = match value {
                    Json::String(text) => text.clone(),
                    Json::Null => String::new(),
                    other => other.to_string(),
                };
                format!("{name:width$} : {value}")
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(properties).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// A value as JSON, `depth` levels of it.
fn json(value: &Value, depth: usize) -> Json {
    if depth == 0 {
        return Json::String("…".to_owned());
    }
    if let Some(flag) = value.as_bool() {
        return Json::Bool(flag);
    }
    if let Some(number) = value.as_i64() {
        return Json::from(number);
    }
    if value.is_null() {
        return Json::Null;
    }
    if let Some(items) = value.items() {
        return items.iter().map(|item| json(item, depth - 1)).collect();
    }
    if let Some(entries) = value.entries() {
        let entries = entries.iter().map(|(name, value)| {
            let name = name.display().unwrap_or_default().into_owned();
            (name, json(value, depth - 1))
        });
        return Json::Object(entries.collect());
    }
    let of_object = value.as_object().map(|object| {
        let all = object.adapted.iter().chain(object.extended.iter());
        let all = all.map(|property| {
            let name = property.name.clone();
            (name, json(&property.value, depth - 1))
        });
        all.collect::<serde_json::Map<_, _>>()
    });
    match (of_object, value.display()) {
        (Some(map), _) if !map.is_empty() => Json::Object(map),
        (_, Some(text)) => Json::String(text.into_owned()),
        _ => Json::Null,
    }
}
