//! Values held against schemas, as far as our own schemas go.

use std::collections::BTreeSet;

use serde_json::Value;

/// A description, and which parts of its schemas some value was seen for.
pub(super) struct Checker {
    pub(super) document: Value,
    seen: BTreeSet<String>,
}

impl Checker {
    pub(super) fn of(document: Value) -> Self {
        Self { document, seen: BTreeSet::new() }
    }

    /// What of `value` is not as the schema at `pointer` says; empty when all of it is. An object has nothing beyond what its
    /// schema says.
    pub(super) fn differences(&mut self, pointer: &str, value: &Value) -> Vec<String> {
        let (pointer, schema) = resolved(&self.document, pointer);
        let Some(schema) = schema.cloned() else { return vec![format!("{pointer} is nowhere")] };
        if let Some(choices) = schema["oneOf"].as_array() {
            return self.one_of(&pointer, choices.len(), value);
        }
        let types: Vec<_> = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        if !types.iter().any(|name| is_of(name, value)) {
            return vec![format!("{pointer} is {types:?}, and not {value}")];
        }
        let allowed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
        let short =
            schema["maxItems"].as_u64().is_none_or(|most| value.as_array().is_none_or(|all| all.len() as u64 <= most));
        if !allowed || !short {
            return vec![format!("{pointer} cannot be {value}")];
        }
        if !value.is_null() {
            self.seen.insert(pointer.clone());
        }
        let items = value.as_array().into_iter().flatten();
        let mut found: Vec<_> = items.flat_map(|item| self.differences(&format!("{pointer}/items"), item)).collect();
        if let (Some(properties), Some(parts)) = (schema["properties"].as_object(), value.as_object()) {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found.extend(
                required.filter(|name| !parts.contains_key(*name)).map(|name| format!("{pointer} lacks {name}")),
            );
            for (name, part) in parts {
                match properties.contains_key(name) {
                    true => found.extend(self.differences(&format!("{pointer}/properties/{name}"), part)),
                    false => found.push(format!("{pointer} has {name}")),
                }
            }
        }
        found
    }

    fn one_of(&mut self, pointer: &str, choices: usize, value: &Value) -> Vec<String> {
        let before = self.seen.clone();
        let mut found = Vec::new();
        for choice in 0..choices {
            let differences = self.differences(&format!("{pointer}/oneOf/{choice}"), value);
            if differences.is_empty() {
                self.seen.insert(pointer.to_owned());
                return differences;
            }
            self.seen.clone_from(&before);
            found.extend(differences);
        }
        found
    }

    /// The parts of the schema at `pointer` that no value was seen for.
    pub(super) fn unseen(&self, pointer: &str) -> BTreeSet<String> {
        let (mut all, mut waiting) = (BTreeSet::new(), vec![pointer.to_owned()]);
        while let Some(next) = waiting.pop() {
            let (pointer, schema) = resolved(&self.document, &next);
            let Some(schema) = schema else { panic!("{pointer} is nowhere") };
            if !all.insert(pointer.clone()) {
                continue;
            }
            let properties = schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys());
            waiting.extend(properties.map(|name| format!("{pointer}/properties/{name}")));
            waiting.extend(schema.get("items").map(|_| format!("{pointer}/items")));
            let choices = schema["oneOf"].as_array().map_or(0, Vec::len);
            waiting.extend((0..choices).map(|choice| format!("{pointer}/oneOf/{choice}")));
        }
        all.difference(&self.seen).cloned().collect()
    }
}

/// What a pointer leads to, past all references.
fn resolved<'d>(document: &'d Value, pointer: &str) -> (String, Option<&'d Value>) {
    match document.pointer(pointer) {
        Some(schema) if schema["$ref"].is_string() => resolved(document, &schema["$ref"].as_str().unwrap()[1..]),
        schema => (pointer.to_owned(), schema),
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no test for {other}"),
    }
}

#[test]
fn a_difference_is_found_wherever_it_is() {
    let schema = serde_json::json!({
        "type": "object", "required": ["id"],
        "properties": {
            "id": { "$ref": "#/text" }, "many": { "type": ["array", "null"], "maxItems": 2, "items": { "$ref": "#/text" } },
        },
    });
    let mut checker =
        Checker::of(serde_json::json!({ "all": schema, "text": { "type": "string", "enum": ["a", "b"] } }));
    for (good, unseen) in [
        (r#"{ "id": "a" }"#, 1),
        (r#"{ "id": "a", "many": null }"#, 1),
        (r#"{ "id": "a", "many": [] }"#, 0),
        (r#"{ "id": "b", "many": ["a", "b"] }"#, 0),
    ] {
        assert_eq!(checker.differences("/all", &serde_json::from_str(good).unwrap()), [""; 0], "{good}");
        assert_eq!(checker.unseen("/all").len(), unseen, "{good}");
    }
    for bad in [
        "[]",
        "{}",
        r#"{ "id": 1 }"#,
        r#"{ "id": "c" }"#,
        r#"{ "id": "a", "more": 1 }"#,
        r#"{ "id": "a", "many": "a" }"#,
        r#"{ "id": "a", "many": ["a", "c"] }"#,
        r#"{ "id": "a", "many": ["a", "a", "a"] }"#,
        r#"{ "id": null }"#,
    ] {
        assert_eq!(checker.differences("/all", &serde_json::from_str(bad).unwrap()).len(), 1, "{bad}");
    }
}
