//! A site's life from one crash to the next.

use std::{
    net::TcpStream,
    process::Stdio,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    support::{Answer, Browser, Random, Request, Site},
    tasks::{Aftermath, Task},
    town::{Device, Person, Town},
    world::{SESSION_ENDED, Tally, World, is_in, opens},
};

/// How the server's process ends.
pub(crate) trait Crash {
    /// Ends it, and leaves the data as such an end leaves it.
    fn crash(&mut self, site: &mut Site, random: &mut Random);
}

/// kill -9: what was written is there.
pub(crate) struct Killed;

impl Crash for Killed {
    fn crash(&mut self, site: &mut Site, _: &mut Random) {
        site.kill();
    }
}

/// When the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// In the middle of the requests.
    Sometime,
    /// As soon as all of them are answered.
    AfterTheAnswer,
}

/// A site, the people before it, and what is known.
pub(crate) struct Life<'c> {
    site: Site,
    town: Town,
    world: World,
    random: Random,
    crash: &'c mut dyn Crash,
    /// The longest pause between the slow requests and the quick ones.
    hash: Duration,
}

impl<'c> Life<'c> {
    /// Begins with a server that does not run and the people who know it.
    pub(crate) fn new(site: Site, town: Town, random: Random, crash: &'c mut dyn Crash) -> Self {
        let mut world = World::default();
        let people = town.walkers.iter().chain(&town.flocks).chain(&town.careful);
        let people = people.chain(town.forgetful.iter().map(|link| &link.who));
        people.flat_map(|person| &person.devices).for_each(|device| world.lives(device));
        Self { site, town, world, random, crash, hash: Duration::ZERO }
    }

    /// Makes one change of each kind alone and crashes when its answer is there: everything must be where it lasts by then.
    pub(crate) fn live_by_answers(mut self) -> Tally {
        self.site.start();
        let (revoker, revoked) = self.stray();
        let (prover, proving) = self.stray();
        let (person, again) = self.stray();
        let device = self.stray().1;
        let town = &mut self.town;
        let tasks = [
            Task::LogOut(device),
            Task::Revoke { by: revoker.devices[0].clone(), device: revoked },
            Task::Everywhere(town.flocks.remove(0)),
            Task::Reset(town.forgetful.remove(0)),
            Task::Change(town.careful.remove(0)),
            Task::Prove { person: prover, device: proving },
            Task::LogInAgain { person, device: again },
            Task::Confirm(town.newcomers.remove(0)),
        ];
        for task in tasks {
            self.round(&[task], Moment::AfterTheAnswer);
        }
        self.world.check_sessions(&self.site);
        self.by_operator();
        self.world.tally
    }

    /// Ends sessions at the command line and crashes when the command is done.
    fn by_operator(&mut self) {
        let one = self.stray().1;
        let [person, disabled] = [self.town.walkers.remove(0), self.town.walkers.remove(0)];
        let mut after = |args: &[&str], devices: &[Device]| {
            self.site.done(args);
            self.crash.crash(&mut self.site, &mut self.random);
            self.site.start();
            for device in devices {
                assert!(!is_in(&self.site, &device.browser), "{args:?} was done and {} is in", device.subject);
            }
        };
        after(&["session", "revoke", one.id()], std::slice::from_ref(&one));
        after(&["session", "revoke", "--user", &person.email], &person.devices);
        after(&["user", "disable", &disabled.email], &disabled.devices);
        assert!(!opens(&self.site, &disabled.email, &disabled.password), "a disabled account lets somebody in");
    }

    /// Crashes `rounds` times in the middle of changes, and `rotations` times in the middle of a rotation of keys.
    pub(crate) fn live(mut self, rounds: usize, rotations: usize) -> Tally {
        self.site.start();
        self.measure_hash();
        for round in 0..rounds {
            let tasks = self.tasks(round);
            self.round(&tasks, Moment::Sometime);
        }
        self.world.check_sessions(&self.site);
        for _ in 0..rotations {
            self.rotation();
        }
        self.world.check_sessions(&self.site);
        self.world.tally
    }

    /// What is to be under way: one slow change and some quick ones.
    fn tasks(&mut self, round: usize) -> Vec<Task> {
        let mut tasks = Vec::new();
        let town = &mut self.town;
        tasks.extend(match round % 4 {
            0 => town.forgetful.pop().map(Task::Reset),
            1 => town.careful.pop().map(Task::Change),
            2 => town.newcomers.pop().map(Task::Confirm),
            _ => None,
        });
        if round.is_multiple_of(3) {
            tasks.extend(town.flocks.pop().map(Task::Everywhere));
        }
        if round % 4 == 3 {
            let (person, device) = self.stray();
            let again = self.random.heads();
            tasks.push(if again { Task::LogInAgain { person, device } } else { Task::Prove { person, device } });
        }
        for _ in 0..3 {
            tasks.push(Task::LogOut(self.stray().1));
        }
        for _ in 0..2 {
            let (person, device) = self.stray();
            tasks.push(Task::Revoke { by: person.devices[0].clone(), device });
        }
        let (person, device) = self.stray();
        tasks.push(Task::LogOutAndRevoke { by: person.devices[0].clone(), device });
        tasks
    }

    /// Somebody's device that nothing has happened to yet; the first one of each person stays.
    fn stray(&mut self) -> (Person, Device) {
        self.town.walkers.retain(|person| person.devices.len() > 1);
        let walkers = &mut self.town.walkers;
        assert!(!walkers.is_empty(), "the plan has too few strays");
        let index = self.random.below(walkers.len());
        let device = walkers[index].devices.pop().unwrap();
        (walkers[index].clone(), device)
    }

    fn round(&mut self, tasks: &[Task], moment: Moment) {
        let requests: Vec<Vec<Request>> = tasks.iter().map(|task| task.requests(self.site.port)).collect();
        let mut answers = self.answers_until_crash(&requests.concat(), moment).into_iter();
        self.site.start();
        self.site.check_integrity();
        let mut after = Aftermath { site: &self.site, world: &mut self.world };
        for (task, requests) in tasks.iter().zip(&requests) {
            let answers: Vec<_> = answers.by_ref().take(requests.len()).collect();
            task.settle(&answers, &mut after);
        }
        self.world.check_events(&self.site);
    }

    /// Sends everything at once and crashes, mostly after some of the answers. What needs a hash sets out earlier, so that its change
    /// is under way at the same time as the others.
    fn answers_until_crash(&mut self, requests: &[Request], moment: Moment) -> Vec<Option<Answer>> {
        let port = self.site.port;
        let quick = requests.iter().filter(|request| !request.hashes).count();
        let (ready, set_out, answered) =
            (Barrier::new(requests.len() + 1), Barrier::new(quick + 1), AtomicUsize::new(0));
        let send = |request: &Request| {
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            ready.wait();
            if !request.hashes {
                set_out.wait();
            }
            let answer = request.over(&stream);
            let counts = moment == Moment::AfterTheAnswer || !request.hashes;
            answered.fetch_add(usize::from(counts), Ordering::Relaxed);
            answer
        };
        thread::scope(|scope| {
            let threads: Vec<_> = requests.iter().map(|request| scope.spawn(|| send(request))).collect();
            ready.wait();
            self.pause(self.hash);
            set_out.wait();
            let enough = match moment {
                Moment::Sometime => self.random.below(quick),
                Moment::AfterTheAnswer => requests.len(),
            };
            while answered.load(Ordering::Relaxed) < enough {
                thread::yield_now();
            }
            if moment == Moment::Sometime {
                self.pause(CHANGE);
            }
            self.crash.crash(&mut self.site, &mut self.random);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// Finds out how long a login takes on this machine at this hour, most of which is its hash.
    #[allow(clippy::disallowed_methods, reason = "the moment of a crash depends on the real time that a hash takes")]
    fn measure_hash(&mut self) {
        let Person { email, password, .. } = &self.town.walkers[0];
        let begun = Instant::now();
        assert!(opens(&self.site, email, password));
        self.hash = begun.elapsed() * 3 / 2;
    }

    /// Rotates the keys and crashes both the command and the server at some moment.
    fn rotation(&mut self) {
        let device = self.lasting_session();
        let at_once = self.random.heads();
        let args: &[&str] = if at_once { &["keys", "rotate", "--at-once"] } else { &["keys", "rotate", "--lead", "0"] };
        let mut command = self.site.command(args);
        let mut rotation = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.pause(COMMAND);
        rotation.kill().unwrap();
        let acknowledged = rotation.wait().unwrap().success();
        self.crash.crash(&mut self.site, &mut self.random);
        self.site.start();
        let is_out = !is_in(&self.site, &device.browser);
        if at_once {
            self.world.judge("a rotation at once", acknowledged, is_out);
        }
        assert!(at_once || !is_out, "a rotation logged somebody out");
        self.world.lives(&device);
        if is_out {
            self.world.expect_no_session();
        }
        // What the interrupted command left behind must not be in the way of the next one.
        self.site.done(&["keys", "rotate", "--lead", "604800"]);
    }

    /// Logs somebody in for good: the logout of another session makes the disk keep everything up to then.
    fn lasting_session(&mut self) -> Device {
        let person = &self.town.walkers[0];
        let log_in = || {
            let mut browser = Browser::visiting(self.site.port);
            Device::log_in(&self.site, &mut browser, &person.email, &person.password).0
        };
        let (kept, ended) = (log_in(), log_in());
        let answer = ended.browser.clone().send(self.site.port, "POST", "/auth/logout", &Value::Null);
        assert_eq!(answer.status, 200, "{answer:?}");
        self.world.ends(&ended);
        self.world.happened(SESSION_ENDED, &ended.subject);
        kept
    }

    fn pause(&mut self, longest: Duration) {
        let micros = self.random.below(usize::try_from(longest.as_micros()).unwrap() + 1);
        thread::sleep(Duration::from_micros(micros as u64));
    }
}

/// About as long as one change takes once its turn has come.
const CHANGE: Duration = Duration::from_millis(3);
/// Longer than a command takes.
const COMMAND: Duration = Duration::from_millis(40);
