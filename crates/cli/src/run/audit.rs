//! `audit` and `warnings`.

use std::borrow::Cow;

use winsta_api::{AuditEntry, How, Warning};

use crate::grammar::unix::{Audit, Warnings};
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome};
use crate::table::layout::{Column, header, line};
use crate::tools::Execute;

const AUDIT: [Column; 7] = [
    Column::left("TIME", 1, 24),
    Column::left("USER", 27, 14),
    Column::left("ACTION", 43, 12),
    Column::right("SESSION", 63),
    Column::left("OWNER", 66, 14),
    Column::left("OUTCOME", 82, 18),
    Column::left("DETAIL", 102, usize::MAX),
];

const WARNINGS: [Column; 6] = [
    Column::right("WARNING", 7),
    Column::right("SESSION", 16),
    Column::left("HOW", 19, 7),
    Column::left("DUE", 28, 24),
    Column::left("BY", 54, 16),
    Column::left("MESSAGE", 72, usize::MAX),
];

impl Row for AuditEntry {
    const KEYS: &'static [&'static str] = &[
        "time", "host", "user", "uid", "origin", "action", "session", "owner", "outcome", "detail",
    ];
}

impl Row for Warning {
    const KEYS: &'static [&'static str] = &["id", "session", "how", "due", "by", "message"];
}

impl Execute for Audit {
    fn execute(self) -> Outcome {
        let limit = if self.limit == 0 {
            u32::MAX
        } else {
            self.limit
        };
        let entries = self
            .on
            .host()?
            .audit(limit)
            .map_err(|error| Failure::call("cannot read the audit trail", &error))?;
        output::print(self.output.format, &entries, || table(&entries))?;
        Ok(Exit::Done)
    }
}

fn table(entries: &[AuditEntry]) -> String {
    let mut out = String::with_capacity(120 * (entries.len() + 1));
    header(&AUDIT, &mut out);
    for entry in entries {
        let session = entry.session.map(|id| id.to_string());
        let cells: [Cow<'_, str>; 7] = [
            entry.time.as_str().into(),
            entry.user.as_str().into(),
            entry.action.as_str().into(),
            session.unwrap_or_default().into(),
            entry.owner.as_deref().unwrap_or_default().into(),
            entry.outcome.as_str().into(),
            entry.detail.as_str().into(),
        ];
        line(&AUDIT, ' ', &cells, &mut out);
    }
    out
}

impl Execute for Warnings {
    fn execute(self) -> Outcome {
        let host = self.on.host()?;
        let warnings = match self.cancel {
            Some(id) => {
                let what = format!("cannot cancel warning {id}");
                let warning = host.cancel_warning(id);
                vec![warning.map_err(|error| Failure::call(&what, &error))?]
            }
            None => host
                .warnings()
                .map_err(|error| Failure::call("cannot list the warnings", &error))?,
        };
        output::print(self.output.format, &warnings, || pending(&warnings))?;
        Ok(Exit::Done)
    }
}

fn pending(warnings: &[Warning]) -> String {
    let mut out = String::new();
    header(&WARNINGS, &mut out);
    for warning in warnings {
        let how = match warning.how {
            How::Logoff => "logoff",
            How::Reset => "reset",
        };
        let cells: [Cow<'_, str>; 6] = [
            warning.id.to_string().into(),
            warning.session.to_string().into(),
            how.into(),
            warning.due.as_str().into(),
            warning.by.as_str().into(),
            warning.message.as_str().into(),
        ];
        line(&WARNINGS, ' ', &cells, &mut out);
    }
    out
}
