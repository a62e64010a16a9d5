//! What is under way when the server dies, and how to find out afterwards what became of it.

use serde_json::{Value, json};

use crate::{
    support::{Answer, Browser, Request, Site},
    town::{Device, Linked, Newcomer, Person},
    world::{SESSION_ENDED, World, is_in, opens},
};

/// One change, with the request or requests that ask for it.
pub(crate) enum Task {
    /// A device logs out.
    LogOut(Device),
    /// A device is logged out by another one of its person.
    Revoke { by: Device, device: Device },
    /// Both at the same moment.
    LogOutAndRevoke { by: Device, device: Device },
    /// A person logs all other devices out.
    Everywhere(Person),
    /// A person redeems a reset link.
    Reset(Linked<Person>),
    /// A person changes the password on the first device.
    Change(Person),
    /// A device proves itself once more and gets another session.
    Prove { person: Person, device: Device },
    /// A device with a session logs in again and gets another one.
    LogInAgain { person: Person, device: Device },
    /// A newcomer confirms the address.
    Confirm(Linked<Newcomer>),
}

/// What a site and its memory are asked about after a crash.
pub(crate) struct Aftermath<'a> {
    pub(crate) site: &'a Site,
    pub(crate) world: &'a mut World,
}

impl Task {
    /// The requests to the server at `port`, ready to go.
    pub(crate) fn requests(&self, port: u16) -> Vec<Request> {
        let visitor = || Browser::visiting(port);
        let hashing = |request: Request| Request { hashes: true, ..request };
        match self {
            Self::LogOut(device) => vec![log_out(device)],
            Self::Revoke { by, device } => vec![revoke(by, device)],
            Self::LogOutAndRevoke { by, device } => vec![log_out(device), revoke(by, device)],
            Self::Everywhere(person) => {
                vec![person.devices[0].browser.request("DELETE", "/auth/sessions", &Value::Null)]
            }
            Self::Reset(link) => vec![hashing(visitor().request("POST", RESET, &redemption(link)))],
            Self::Change(person) => {
                let body = json!({ "new_password": new_password(person) });
                vec![hashing(person.devices[0].browser.request("POST", "/auth/password/change", &body))]
            }
            Self::Prove { person, device } => {
                let body = json!({ "password": person.password });
                vec![hashing(device.browser.request("POST", "/auth/reauthenticate", &body))]
            }
            Self::LogInAgain { person, device } => {
                let browser = device.browser.before_log_in(port);
                let body = json!({ "email": person.email, "password": person.password });
                vec![hashing(browser.request("POST", "/auth/login", &body))]
            }
            Self::Confirm(link) => vec![hashing(visitor().request("POST", VERIFY, &confirmation(link)))],
        }
    }

    /// Finds out what happened, and checks that it happened wholly or not at all.
    pub(crate) fn settle(&self, answers: &[Option<Answer>], after: &mut Aftermath<'_>) {
        match self {
            Self::LogOut(device) => after.ended("a logout", device, accepted(&answers[0])),
            Self::Revoke { device, .. } => after.ended("a revocation", device, accepted(&answers[0])),
            Self::LogOutAndRevoke { device, .. } => {
                // Either request may find that the other one was faster; that is an acknowledgement as well.
                let statuses: Vec<u16> = answers.iter().flatten().map(|answer| answer.status).collect();
                assert!(statuses.iter().all(|status| [200, 401, 404].contains(status)), "{statuses:?}");
                after.ended("a logout or revocation", device, !statuses.is_empty());
            }
            Self::Everywhere(person) => after.everywhere(person, accepted(&answers[0])),
            Self::Reset(link) => after.reset(link, accepted(&answers[0])),
            Self::Change(person) => after.change(person, &answers[0]),
            Self::Prove { person, device } => after.prove(person, device, &answers[0]),
            Self::LogInAgain { device, .. } => after.log_in_again(device, &answers[0]),
            Self::Confirm(link) => after.confirm(link, accepted(&answers[0])),
        }
    }
}

impl Aftermath<'_> {
    fn ended(&mut self, what: &str, device: &Device, acknowledged: bool) {
        let is_so = !is_in(self.site, &device.browser);
        self.world.judge(what, acknowledged, is_so);
        if is_so {
            self.world.ends(device);
            self.world.happened(SESSION_ENDED, &device.subject);
        }
    }

    fn everywhere(&mut self, person: &Person, acknowledged: bool) {
        let (kept, others) = person.devices.split_first().unwrap();
        let is_so = self.all_out(others);
        self.world.judge("a logout everywhere", acknowledged, is_so);
        assert!(is_in(self.site, &kept.browser), "the device that asked is out as well");
        if is_so {
            others.iter().for_each(|device| self.world.ends(device));
            self.world.happened("session.all_ended", &person.subject);
        }
    }

    fn reset(&mut self, link: &Linked<Person>, acknowledged: bool) {
        let is_so = self.is_spent(RESET, &link.token);
        self.world.judge("a reset", acknowledged, is_so);
        let person = &link.who;
        assert_eq!(self.all_out(&person.devices), is_so, "the link and the sessions of {} disagree", person.email);
        self.check_password(person, is_so);
        if !is_so {
            let answer = Browser::visiting(self.site.port).send(self.site.port, "POST", RESET, &redemption(link));
            assert_eq!(answer.status, 200, "an unspent link does not work: {answer:?}");
            assert!(self.is_spent(RESET, &link.token) && self.all_out(&person.devices));
            self.check_password(person, true);
        }
        person.devices.iter().for_each(|device| self.world.ends(device));
        self.world.happened("password.reset", &person.subject);
    }

    fn change(&mut self, person: &Person, answer: &Option<Answer>) {
        let is_so = self.all_out(&person.devices);
        self.world.judge("a change of password", accepted(answer), is_so);
        self.check_password(person, is_so);
        if is_so {
            person.devices.iter().for_each(|device| self.world.ends(device));
            self.world.happened("password.changed", &person.subject);
            self.keeps(&person.devices[0], answer);
        }
    }

    fn prove(&mut self, person: &Person, device: &Device, answer: &Option<Answer>) {
        let is_so = !is_in(self.site, &device.browser);
        self.world.judge("a proof", accepted(answer), is_so);
        if is_so {
            self.world.ends(device);
            self.world.happened("reauthentication", &person.subject);
            self.keeps(device, answer);
        }
    }

    fn log_in_again(&mut self, device: &Device, answer: &Option<Answer>) {
        let is_so = !is_in(self.site, &device.browser);
        self.world.judge("the end of the session before a login", accepted(answer), is_so);
        if is_so {
            self.world.ends(device);
            self.keeps(device, answer);
        }
    }

    fn confirm(&mut self, link: &Linked<Newcomer>, acknowledged: bool) {
        let is_so = self.is_spent(VERIFY, &link.token);
        self.world.judge("a confirmation", acknowledged, is_so);
        let Newcomer { email, password } = &link.who;
        assert_eq!(opens(self.site, email, password), is_so, "the link and the account of {email} disagree");
        if !is_so {
            let answer = Browser::visiting(self.site.port).send(self.site.port, "POST", VERIFY, &confirmation(link));
            assert_eq!(answer.status, 200, "an unspent link does not work: {answer:?}");
        }
        let (_, account) = Device::log_in(self.site, &mut Browser::visiting(self.site.port), email, password);
        self.world.happened("signup.completed", &account);
    }

    /// The session that an acknowledged change gave to a device.
    fn keeps(&mut self, before: &Device, answer: &Option<Answer>) {
        if let Some(answer) = answer {
            let mut browser = before.browser.clone();
            browser.keep(answer);
            let (device, _) = Device::of(self.site, &mut browser);
            self.world.lives(&device);
        }
    }

    fn check_password(&self, person: &Person, is_new: bool) {
        let Person { email, password, .. } = person;
        assert_eq!(opens(self.site, email, &new_password(person)), is_new, "the new password of {email}");
        assert_eq!(opens(self.site, email, password), !is_new, "the old password of {email}");
    }

    /// Whether none of the devices is in; some of them would be half a change.
    fn all_out(&self, devices: &[Device]) -> bool {
        let out = devices.iter().filter(|device| !is_in(self.site, &device.browser)).count();
        assert!(out == 0 || out == devices.len(), "{out} of {} sessions have ended", devices.len());
        out > 0
    }

    fn is_spent(&self, path: &str, token: &str) -> bool {
        let path = format!("{path}?token={token}");
        match Browser::default().send(self.site.port, "GET", &path, &Value::Null).status {
            200 => false,
            410 => true,
            other => panic!("unexpected {other}"),
        }
    }
}

/// The password that a person will have after a reset or a change.
pub(crate) fn new_password(person: &Person) -> String {
    format!("{}, twice", person.password)
}

/// Whether a request was carried out; no answer is no, and any other answer than yes is a failure.
fn accepted(answer: &Option<Answer>) -> bool {
    assert!(answer.as_ref().is_none_or(|answer| answer.status == 200), "{answer:?}");
    answer.is_some()
}

fn log_out(device: &Device) -> Request {
    device.browser.request("POST", "/auth/logout", &Value::Null)
}

fn revoke(by: &Device, device: &Device) -> Request {
    by.browser.request("DELETE", &format!("/auth/sessions/{}", device.id()), &Value::Null)
}

fn redemption(link: &Linked<Person>) -> Value {
    json!({ "token": link.token, "new_password": new_password(&link.who) })
}

fn confirmation(link: &Linked<Newcomer>) -> Value {
    json!({ "token": link.token, "password": link.who.password })
}

const RESET: &str = "/auth/password/reset";
const VERIFY: &str = "/auth/email/verify";
