use super::*;

struct Desk {
    notices: Notices,
    start: Instant,
    now: Instant,
}

impl Desk {
    fn new() -> Self {
        let start = Instant::now();
        Self {
            notices: Notices::default(),
            start,
            now: start,
        }
    }

    /// The time of day is 1 s after the epoch when the desk opens.
    fn wall_ms(&self) -> u64 {
        1_000 + u64::try_from((self.now - self.start).as_millis()).unwrap()
    }

    fn arrive(&mut self, notice: Notice) {
        let wall_ms = self.wall_ms();
        self.notices.arrive(self.now, wall_ms, notice);
    }

    /// Lets time pass the way the output thread does: from deadline to deadline.
    fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(at) = self.notices.deadline(self.now).filter(|at| *at < end) {
            assert!(at > self.now, "a deadline must not stay in the past");
            self.now = at;
            self.notices.tick(at);
        }
        self.now = end;
        self.notices.tick(end);
    }

    fn key(&mut self, key: Key) {
        self.notices.key(self.now, key);
    }

    fn text(&self) -> Option<String> {
        self.notices.content(self.now).map(|content| content.text)
    }

    fn answers(&mut self) -> Vec<(u32, String)> {
        let answers = self.notices.answers();
        answers.into_iter().map(|a| (a.id, a.answer)).collect()
    }
}

fn message(id: u32, seconds: u32, wait: bool) -> Notice {
    Notice::Message {
        id,
        from: "bob".into(),
        text: format!("text {id}"),
        seconds,
        wait,
    }
}

fn countdown(id: u32, seconds: u64, may_cancel: bool) -> Notice {
    Notice::Countdown {
        id,
        text: "save your work".into(),
        due_ms: 1_000 + seconds * 1_000,
        may_cancel,
    }
}

#[test]
fn a_message_waits_for_a_key_that_was_meant_for_it() {
    let mut desk = Desk::new();
    desk.arrive(message(1, 0, false));
    desk.key(Key::ENTER);
    desk.pass(299);
    desk.key(Key::ENTER);
    assert_eq!(
        desk.text().as_deref(),
        Some("text 1"),
        "too early to be the answer"
    );
    desk.pass(1);
    for key in [Key::plain('x'), Key::control('c'), Key::plain('y')] {
        desk.key(key);
    }
    assert_eq!(desk.answers(), [], "other keys do nothing");
    desk.key(Key::plain(' '));
    assert_eq!(desk.text(), None);
    assert_eq!(desk.answers(), [(1, "ok".into())]);
}

#[test]
fn a_message_times_out_and_the_next_one_follows() {
    let mut desk = Desk::new();
    desk.arrive(message(1, 5, false));
    desk.arrive(message(2, 5, false));
    desk.pass(4_999);
    assert_eq!(desk.text().as_deref(), Some("text 1"));
    desk.pass(2);
    assert_eq!(desk.text().as_deref(), Some("text 2"));
    assert_eq!(desk.answers(), [(1, "timed_out".into())]);
    desk.key(Key::ENTER);
    assert_eq!(
        desk.text().as_deref(),
        Some("text 2"),
        "it has just appeared"
    );
}

#[test]
fn an_answer_is_typed() {
    let mut desk = Desk::new();
    desk.arrive(message(1, 0, true));
    desk.pass(300);
    for key in ['n', 'o', 't', ' ', 'y', 'x'].map(Key::plain) {
        desk.key(key);
    }
    desk.key(Key::BACKSPACE);
    let shown = desk
        .notices
        .content(desk.now)
        .and_then(|content| content.answer);
    assert_eq!(shown.as_deref(), Some("not y"));
    desk.key(Key::ENTER);
    assert_eq!(desk.answers(), [(1, "not y".into())]);
}

#[test]
fn consent_is_asked_for_by_name() {
    for (key, answer) in [('y', "yes"), ('N', "no")] {
        let mut desk = Desk::new();
        desk.arrive(Notice::Consent {
            id: 9,
            from: "alice".into(),
        });
        desk.pass(300);
        desk.key(Key::ENTER);
        assert_eq!(desk.answers(), [], "only y and n answer");
        desk.key(Key::plain(key));
        assert_eq!(desk.answers(), [(9, answer.into())]);
    }
}

#[test]
fn a_countdown_counts_hides_and_comes_back() {
    let mut desk = Desk::new();
    desk.arrive(countdown(3, 120, false));
    assert_eq!(desk.text().as_deref(), Some("in 2 min\nsave your work"));
    desk.pass(1_001);
    assert_eq!(
        desk.text().as_deref(),
        Some("in 1 min 59 s\nsave your work")
    );
    desk.key(Key::plain('c'));
    assert_eq!(
        desk.text(),
        None,
        "any key hides it, c too where it cannot cancel"
    );
    let mut shown_at = Vec::new();
    while desk.now < desk.start + Duration::from_secs(120) {
        desk.pass(500);
        if desk.text().is_some() {
            shown_at.push((desk.now - desk.start).as_secs());
            desk.pass(300);
            desk.key(Key::ESCAPE);
        }
    }
    assert_eq!(shown_at, [60, 90, 110]);
    assert_eq!(desk.answers(), [], "hiding is no answer");
}

#[test]
fn a_countdown_is_cancelled_by_its_user_or_taken_back() {
    let mut desk = Desk::new();
    desk.arrive(countdown(3, 60, true));
    desk.pass(400);
    desk.key(Key::plain('c'));
    assert_eq!(desk.answers(), [(3, "cancel".into())]);
    assert_eq!(desk.text(), None);

    desk.arrive(countdown(4, 60, true));
    desk.arrive(message(5, 0, false));
    desk.arrive(Notice::Cancelled {
        id: 4,
        reason: "alice".into(),
    });
    assert_eq!(desk.text().as_deref(), Some("text 5"));
    assert_eq!(desk.answers(), []);
}

#[test]
fn a_countdown_ends_by_itself() {
    let mut desk = Desk::new();
    desk.arrive(countdown(3, 2, false));
    desk.pass(2_500);
    assert_eq!(desk.text().as_deref(), Some("now\nsave your work"));
    desk.pass(5_000);
    assert_eq!(desk.text(), None);
    assert_eq!(desk.notices.deadline(desk.now), None);
}

#[test]
fn the_queue_is_bounded() {
    let mut desk = Desk::new();
    for id in 0..100 {
        desk.arrive(message(id, 0, true));
    }
    assert_eq!(desk.notices.waiting.len(), MOST);
    assert_eq!(
        desk.answers().len(),
        100 - MOST - 1,
        "the others hear at once"
    );
}
