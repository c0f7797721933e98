//! Sessions used from birth to end over a network that breaks, again and again: no command runs
//! twice, no output is lost or doubled, no session is left behind.

use std::fs;
use std::time::Instant;

use crate::desk::Desk;

/// How often something is tried that a machine out of reach refuses at once.
const TRIES: usize = 200;

/// A user at a desk, and the host that they use.
pub struct Rounds<'a> {
    /// The desk.
    pub desk: &'a Desk,
    /// Where the host is: `https://10.88.0.2:5986/wsman`.
    pub uri: &'a str,
    /// Whether the host may be out of reach when a session is made or taken: then it is tried
    /// again.
    pub out_of_reach: bool,
}

impl Rounds<'_> {
    /// How many rounds there are to be: `$WINSTA_ROUNDS`, else `usual`.
    pub fn count(usual: usize) -> usize {
        let rounds = std::env::var("WINSTA_ROUNDS");
        rounds.map_or(usual, |rounds| rounds.parse().expect("a number"))
    }

    /// One round: connect, invoke, disconnect, receive.
    pub fn play(&self, round: usize) {
        let begun = Instant::now();
        let runs = self.desk.folder().join("runs");
        let numbers: Vec<String> = (1..=300).map(|number| number.to_string()).collect();
        let numbers = numbers.join("\n") + "\n";
        let tries = if self.out_of_reach { TRIES } else { 1 };
        let ran = self.desk.bash(&format!(
            "export WINSTA_PASSWORD=secret; U={uri}
            again() {{
                for ((i = 1; i < {tries}; i++)); do \"$@\" 2> /dev/null && return; sleep .05; done
                \"$@\"
            }}
            s=$(again New-PSSession -ConnectionUri $U -Credential ann) || echo new $?
            Invoke-Command $s '{{echo {round} a >> {runs}; seq 300}}' || echo invoke $?
            t=$(again Invoke-Command -ConnectionUri $U -Credential ann -InDisconnectedSession \
                '{{echo {round} b >> {runs}; seq 300}}') || echo start $?
            Disconnect-PSSession $s > /dev/null || echo disconnect $?
            again Connect-PSSession $s > /dev/null || echo connect $?
            seq 300 | Invoke-Command $s '{{echo {round} c >> {runs}; cat}}' || echo input $?
            again Receive-PSSession $t || echo receive $?
            again Remove-PSSession $s || echo remove $?; again Remove-PSSession $t || echo remove $?",
            uri = self.uri,
            runs = runs.display()
        ));
        let expected = numbers.repeat(3);
        assert!(
            ran.out == expected,
            "round {round}: {}\n{}",
            ran.out,
            ran.err
        );
        let ran = fs::read_to_string(&runs).expect("they ran");
        assert_eq!(ran, format!("{round} a\n{round} b\n{round} c\n"));
        fs::remove_file(&runs).expect("it is there");
        println!("round {round}: {} ms", begun.elapsed().as_millis());
    }

    /// The sessions that are there; none is to be left when all is quiet.
    pub fn expect_none_left(&self) {
        let left = self.desk.bash(&format!(
            "export WINSTA_PASSWORD=secret; Get-PSSession -ConnectionUri {} -Credential ann",
            self.uri
        ));
        assert_eq!((left.out.as_str(), left.err.as_str()), ("", ""));
    }
}
