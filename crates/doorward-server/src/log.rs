//! The log: standard error, one event on one line, whatever somebody tried to put into it.
//!
//! - `server/one-event-one-line`: A logged event is one line, whatever line ends, terminal codes or lengths a request has.
//! - `server/log-tells-no-secrets`: No password, token, cookie or query reaches the output of the server, even at trace level.

use std::{fmt, io, panic};

use doorward::core::{Clock, SystemClock};
use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::output::{one_line, time};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// One JSON object for each event.
    Json,
}

/// Starts the log with what `targets` let through, and sends panics there too.
pub(crate) fn start(targets: Targets, form: Form) {
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(OneLine);
    let layer = match form {
        Form::Text => layer.boxed(),
        Form::Json => layer.event_format(Json).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(targets)).init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        // A message that was put together at run time may quote what somebody sent, so only fixed ones are told.
        let what = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("its message is not told");
        tracing::error!(place, what, "a task panicked; this is a fault in the program, please report it");
    }));
}

/// Makes writers that let nothing through which could end a line before the event does.
struct OneLine;

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = Line;

    fn make_writer(&'a self) -> Self::Writer {
        Line
    }
}

/// Takes one formatted event.
struct Line;

impl io::Write for Line {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut text = one_line(text.strip_suffix('\n').unwrap_or(&text));
        // JSON is cut field by field before it comes here, so that a long line stays whole.
        if !text.starts_with('{') && text.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        text.push('\n');
        io::stderr().lock().write_all(text.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// Writes an event as one JSON object: `at`, `level`, `target`, `message`, and its fields.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let Fields(mut object) = fields;
        object.insert("at".to_owned(), json!(time(SystemClock.now())));
        object.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        object.insert("target".to_owned(), json!(event.metadata().target()));
        writeln!(writer, "{}", Value::Object(object))
    }
}

struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value.chars().take(LONGEST / 4).collect::<String>()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The most bytes of a line; what is longer was not written to be read.
const LONGEST: usize = 16 * 1024;

#[cfg(test)]
mod tests;
