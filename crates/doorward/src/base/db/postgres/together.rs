//! Many who ask the same at the same time are answered by one statement.
//!
//! Most of what a small statement costs a server, and whoever asks it, is the message and not the row: PostgreSQL reads twenty
//! rows by their keys in one statement for about what three cost in statements of their own. So while a few connections are busy,
//! what is asked meanwhile waits for the next that is free, and goes with whatever else asks the same. Nobody waits for company:
//! who is alone goes alone, and at once. Nor behind what hangs: whoever has waited for a while has one more connection go to work.
//!
//! Each statement is a transaction by itself and sees what was committed before it was sent, which is after it was asked.

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use deadpool_postgres::{Object, Pool};
use tokio::sync::oneshot;
use tokio_postgres::types::{ToSql, Type};

use super::{PATIENCE, failed, patiently};
use crate::{
    base::db::value::{Bind, Value},
    error::Fault,
};

/// How many go together at most: as many as one answer may keep waiting.
const MOST: usize = 128;
/// How long somebody waits before one more connection goes to work: longer than a busy one takes, unless it hangs.
const A_WHILE: Duration = Duration::from_millis(20);

/// What the statements do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// They read.
    Read,
    /// Each changes the rows of one key. Of several that meet at a row, one changes it.
    Change,
}

/// Connections that answer many at once.
pub(super) struct Together {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    act: Act,
    /// How many connections are at work at the same time as a rule, and at most.
    connections: (usize, usize),
    queue: Mutex<Queue>,
    /// The text for many, by the text for one.
    texts: Mutex<HashMap<&'static str, Arc<str>>>,
}

#[derive(Default)]
struct Queue {
    /// By statement; the one that waits longest is first.
    asked: VecDeque<(&'static str, Vec<Question>)>,
    idle: Vec<Object>,
    at_work: usize,
}

struct Question {
    bind: Vec<Value<'static>>,
    reply: oneshot::Sender<Result<Answer, Fault>>,
}

/// What one of those who asked is told.
pub(super) struct Answer {
    rows: Arc<[tokio_postgres::Row]>,
    own: Range<usize>,
    /// How many rows were changed.
    pub(super) changed: u64,
}

impl Answer {
    /// The rows that were read; behind their columns may come one more.
    pub(super) fn rows(&self) -> &[tokio_postgres::Row] {
        &self.rows[self.own.clone()]
    }
}

impl Together {
    pub(super) fn new(pool: Pool, act: Act, connections: (usize, usize)) -> Self {
        let (queue, texts) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { pool, act, connections, queue, texts }) }
    }

    /// Asks, together with whoever asks the same.
    pub(super) async fn ask(&self, sql: &'static str, bind: &[&(dyn Bind + Sync)]) -> Result<Answer, Fault> {
        let (reply, mut answer) = oneshot::channel();
        let bind = bind.iter().map(|value| value.value().into_owned()).collect();
        let (as_a_rule, at_most) = self.shared.connections;
        lock(&self.shared.queue).put(sql, Question { bind, reply });
        self.go_to_work(as_a_rule);
        let answer = match tokio::time::timeout(A_WHILE, &mut answer).await {
            Ok(answer) => answer,
            Err(_) => {
                self.go_to_work(at_most);
                tokio::time::timeout(PATIENCE, answer).await.map_err(failed)?
            }
        };
        answer.map_err(failed)?
    }

    /// Has one more connection go to work, when somebody waits and fewer than these are.
    fn go_to_work(&self, connections: usize) {
        let mut queue = lock(&self.shared.queue);
        if queue.at_work < connections && !queue.asked.is_empty() {
            queue.at_work += 1;
            drop(queue);
            tokio::spawn(AtWork::new(Arc::clone(&self.shared)).work());
        }
    }
}

impl Queue {
    fn put(&mut self, sql: &'static str, question: Question) {
        match self.asked.iter_mut().find(|(asked, waiting)| *asked == sql && waiting.len() < MOST) {
            Some((_, waiting)) => waiting.push(question),
            None => self.asked.push_back((sql, vec![question])),
        }
    }
}

impl Shared {
    async fn connection(&self) -> Result<Object, Fault> {
        let idle = lock(&self.queue).idle.pop();
        if let Some(connection) = idle.filter(|connection| !connection.is_closed()) {
            return Ok(connection);
        }
        let connection = self.pool.get().await.map_err(failed)?;
        // Each of these statements finds its rows by a key, whatever its values: a plan for these values would cost more than
        // it could save.
        patiently(connection.batch_execute("SET plan_cache_mode = force_generic_plan")).await?;
        Ok(connection)
    }

    /// Answers everybody who asked this.
    async fn answer(&self, sql: &'static str, mut asked: Vec<Question>) {
        // Who went away has no use for an answer, and what nobody waits for any more is not done.
        asked.retain(|question| !question.reply.is_closed());
        if asked.is_empty() {
            return;
        }
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(fault) => return deny(asked, fault),
        };
        let mut ran = self.run(&connection, sql, &asked).await;
        if asked.len() > 1 && ran.as_ref().is_err_and(is_refused) {
            // The server refuses one question, and with it the statement; what each of the others asks may be in order.
            let last = asked.pop();
            for question in asked.drain(..) {
                let one = [question];
                let answer = self.run(&connection, sql, &one).await;
                tell(one.into(), answer);
            }
            asked.extend(last);
            ran = self.run(&connection, sql, &asked).await;
        }
        if ran.as_ref().is_err_and(|fault| !is_refused(fault)) {
            // Whatever it still has to say, nobody shall take it for an answer to something else.
            drop(Object::take(connection));
        } else {
            lock(&self.queue).idle.push(connection);
        }
        tell(asked, ran);
    }

    async fn run(&self, connection: &Object, sql: &'static str, asked: &[Question]) -> Result<Vec<Answer>, Fault> {
        match asked {
            [alone] => self.run_alone(connection, sql, alone).await.map(|answer| vec![answer]),
            // All of them ask one question.
            [first, others @ ..] if self.act == Act::Read && others.iter().all(|other| other.bind == first.bind) => {
                let answer = self.run_alone(connection, sql, first).await?;
                let same = || Answer { rows: Arc::clone(&answer.rows), own: answer.own.clone(), changed: 0 };
                Ok(asked.iter().map(|_| same()).collect())
            }
            _ => self.run_together(connection, sql, asked).await,
        }
    }

    async fn run_alone(&self, connection: &Object, sql: &'static str, asked: &Question) -> Result<Answer, Fault> {
        let values: Vec<_> = asked.bind.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        patiently(async {
            let statement = connection.prepare_cached(sql).await?;
            match self.act {
                Act::Read => {
                    let rows = connection.query(&statement, &values).await?;
                    Ok(Answer { own: 0..rows.len(), rows: rows.into(), changed: 0 })
                }
                Act::Change => {
                    let changed = connection.execute(&statement, &values).await?;
                    Ok(Answer { own: 0..0, rows: [].into(), changed })
                }
            }
        })
        .await
    }

    async fn run_together(
        &self,
        connection: &Object,
        sql: &'static str,
        asked: &[Question],
    ) -> Result<Vec<Answer>, Fault> {
        let text = lock(&self.texts).get(sql).map(Arc::clone);
        let text = match text {
            Some(text) => text,
            None => {
                let alone = patiently(connection.prepare_cached(sql)).await?;
                let text: Arc<str> = for_many(self.act, sql, alone.params()).into();
                Arc::clone(lock(&self.texts).entry(sql).or_insert(text))
            }
        };
        let count = asked.first().map_or(0, |question| question.bind.len());
        let columns: Vec<Vec<&Value<'static>>> =
            (0..count).map(|column| asked.iter().map(|question| &question.bind[column]).collect()).collect();
        let values: Vec<_> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        let mut rows = patiently(async {
            let statement = connection.prepare_cached(&text).await?;
            let rows = connection.query(&statement, &values).await?;
            rows.into_iter().map(|row| Ok((row.try_get::<_, i64>(row.len() - 1)?, row))).collect::<Result<Vec<_>, _>>()
        })
        .await?;
        // Whose rows they are; the order among the rows of one is the statement's.
        rows.sort_by_key(|(number, _)| *number);
        let mut ends = vec![0; asked.len() + 1];
        for (at, (number, _)) in rows.iter().enumerate() {
            let number = usize::try_from(*number).ok().filter(|number| (1..=asked.len()).contains(number));
            let number = number.ok_or_else(|| Fault::new("asking the database", "it answers what nobody asked"))?;
            ends[number] = at + 1;
        }
        let rows: Arc<[_]> = rows.into_iter().map(|(_, row)| row).collect();
        let mut from = 0;
        let answers = ends.into_iter().skip(1).map(|end| {
            let own = from..end.max(from);
            from = own.end;
            Answer { rows: Arc::clone(&rows), changed: own.len() as u64, own }
        });
        Ok(answers.collect())
    }
}

/// One connection at work, until nobody waits.
struct AtWork {
    shared: Arc<Shared>,
    is_done: bool,
}

impl AtWork {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, is_done: false }
    }

    async fn work(mut self) {
        while let Some((sql, asked)) = self.next() {
            self.shared.answer(sql, asked).await;
        }
    }

    fn next(&mut self) -> Option<(&'static str, Vec<Question>)> {
        let mut queue = lock(&self.shared.queue);
        let next = queue.asked.pop_front();
        if next.is_none() {
            // Under the same lock: who comes now finds that this one is at work no more.
            queue.at_work -= 1;
            self.is_done = true;
        }
        next
    }
}

impl Drop for AtWork {
    /// Before its time: with its runtime, or in a panic.
    fn drop(&mut self) {
        if !self.is_done {
            lock(&self.shared.queue).at_work -= 1;
        }
    }
}

fn tell(asked: Vec<Question>, answers: Result<Vec<Answer>, Fault>) {
    match answers {
        // Whoever is not there any more is told nothing.
        Ok(answers) => asked.into_iter().zip(answers).for_each(|(one, answer)| drop(one.reply.send(Ok(answer)))),
        Err(fault) => deny(asked, fault),
    }
}

fn deny(asked: Vec<Question>, fault: Fault) {
    let fault = Arc::new(fault);
    for question in asked {
        drop(question.reply.send(Err(Fault::new("asking for several at once", Arc::clone(&fault)))));
    }
}

/// Whether the server said no to a statement, after which the connection is as good as before.
fn is_refused(fault: &Fault) -> bool {
    let cause = fault.cause().downcast_ref::<tokio_postgres::Error>();
    cause.is_some_and(|cause| cause.as_db_error().is_some())
}

/// The statement that does for many what `sql` does for one.
fn for_many(act: Act, sql: &str, types: &[Type]) -> String {
    let (mut arrays, mut names) = (Vec::new(), Vec::new());
    for (at, one) in (1..).zip(types) {
        arrays.push(format!("${at}::{}[]", one.name()));
        names.push(format!("bound_{at}, "));
    }
    let asked = format!("unnest({}) WITH ORDINALITY AS asked ({}asked_number)", arrays.join(", "), names.concat());
    let bound = sql.split('$').enumerate().map(|(part, text)| match part {
        0 => text.to_owned(),
        _ => format!("asked.bound_{text}"),
    });
    let bound = bound.collect::<String>();
    match act {
        // OFFSET 0 has PostgreSQL plan the inner statement as it would plan it alone.
        Act::Read => format!(
            "SELECT found.*, asked_number FROM {asked}, LATERAL (SELECT * FROM ({bound}) AS one OFFSET 0) AS found"
        ),
        Act::Change => {
            let (set, which) = bound.split_once(" WHERE ").expect("what changes some rows says which");
            format!("{set} FROM {asked} WHERE {which} RETURNING asked_number")
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_for_many_binds_each_value_of_each() {
        let types = [Type::TEXT, Type::INT8];
        let read = for_many(Act::Read, "SELECT a FROM t WHERE b = $1 AND c > $2 AND d <> $1", &types);
        assert_eq!(
            read,
            "SELECT found.*, asked_number FROM unnest($1::text[], $2::int8[]) WITH ORDINALITY AS asked (bound_1, bound_2, \
             asked_number), LATERAL (SELECT * FROM (SELECT a FROM t WHERE b = asked.bound_1 AND c > asked.bound_2 AND d <> \
             asked.bound_1) AS one OFFSET 0) AS found"
        );
        let change = for_many(Act::Change, "UPDATE t SET a = $1 WHERE b = $2", &types);
        assert_eq!(
            change,
            "UPDATE t SET a = asked.bound_1 FROM unnest($1::text[], $2::int8[]) WITH ORDINALITY AS asked (bound_1, \
             bound_2, asked_number) WHERE b = asked.bound_2 RETURNING asked_number"
        );
    }
}
