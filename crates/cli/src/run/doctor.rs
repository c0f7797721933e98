//! `doctor`.

use std::borrow::Cow;

use winsta_api::Check;

use super::reach::host;
use crate::grammar::unix::Doctor;
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome};
use crate::table::layout::{Column, header, line};
use crate::tools::Execute;

const CHECKS: [Column; 3] = [
    Column::left("WHAT", 1, 10),
    Column::left("VERDICT", 13, 8),
    Column::left("FOUND", 23, usize::MAX),
];

impl Row for Check {
    const KEYS: &'static [&'static str] = &["what", "verdict", "found", "remedy"];
}

impl Execute for Doctor {
    fn execute(self) -> Outcome {
        let checks = host(None)?
            .doctor()
            .map_err(|error| Failure::call("cannot have the machine looked at", &error))?;
        output::print(self.output.format, &checks, || table(&checks))?;
        Ok(Exit::Done)
    }
}

fn table(checks: &[Check]) -> String {
    let mut out = String::new();
    header(&CHECKS, &mut out);
    for check in checks {
        let cells: [Cow<'_, str>; 3] = [
            check.what.as_str().into(),
            check.verdict.as_str().into(),
            check.found.as_str().into(),
        ];
        line(&CHECKS, ' ', &cells, &mut out);
        if let Some(remedy) = &check.remedy {
            let cells = ["".into(), "".into(), format!("help: {remedy}").into()];
            line(&CHECKS, ' ', &cells, &mut out);
        }
    }
    out
}
