//! `find`.

use winsta_api::{Fields, Session};
use winsta_client::Host;

use super::fleet::{self, Gathered};
use super::known;
use super::query::{listing, print_users};
use super::reach::{Place, all_places, places};
use crate::grammar::unix::Find;
use crate::report::{Failure, Outcome};
use crate::tools::Execute;

impl Execute for Find {
    fn execute(self) -> Outcome {
        let places = match self.server.as_deref() {
            Some(server) => places(Some(server))?,
            None => all_places(&known::load()?)?,
        };
        let of_user = |place: &Place, host: Host| -> Result<Vec<Session>, Failure> {
            let listing = listing(place, &host, Fields::ALL, "cannot list the users")?;
            let user = |session: &Session| {
                session
                    .user
                    .as_deref()
                    .is_some_and(|u| self.user.matches(u))
            };
            Ok(listing.sessions.into_iter().filter(user).collect())
        };
        let answers = fleet::ask(&places, self.network, of_user);
        let user = self.user.to_string();
        print_users(
            &Gathered::new(&places, answers),
            self.output.format,
            Some(&user),
        )
    }
}
