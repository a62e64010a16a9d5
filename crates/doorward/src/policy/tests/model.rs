//! The policy as somebody would compute it who has all the time in the world.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};

use super::{Settings, held, role, roles};

/// Roles by number: what each holds, inherits from and may give.
#[derive(Clone, Debug)]
struct Model {
    permissions: Vec<BTreeSet<usize>>,
    inherits: Vec<BTreeSet<usize>>,
    grants: Vec<BTreeSet<usize>>,
}

const ROLES: usize = 6;
const PERMISSIONS: usize = 5;

fn models() -> impl Strategy<Value = Model> {
    let some = |most: usize| proptest::collection::btree_set(0..most, 0..3);
    let lists = (vec(some(PERMISSIONS), ROLES), vec(some(ROLES), ROLES), vec(some(ROLES), ROLES));
    lists.prop_map(|(permissions, inherits, grants)| Model { permissions, inherits, grants })
}

impl Model {
    /// As it stands in a settings file, below an owner who gives every role.
    fn text(&self) -> String {
        let list = |set: &BTreeSet<usize>, name: &str| {
            set.iter().map(|at| format!("\"{name}{at}\"")).collect::<Vec<_>>().join(", ")
        };
        let names: BTreeSet<usize> = (0..PERMISSIONS).collect();
        let mut text = format!("[policy]\npermissions = [{}]\n{}", list(&names, "x:p"), super::OWNER);
        for at in 0..ROLES {
            let (permissions, inherits) = (list(&self.permissions[at], "x:p"), list(&self.inherits[at], "r"));
            let grants = list(&self.grants[at], "r");
            text += &format!(
                "[policy.roles.r{at}]\npermissions = [{permissions}]\ninherits = [{inherits}]\ngrants = [{grants}]\n"
            );
        }
        text
    }

    /// The roles to which one leads in one step or more.
    fn above(&self, at: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::new();
        // As many rounds as there are roles reach whatever can be reached.
        for _ in 0..=ROLES {
            let more: BTreeSet<usize> = all.iter().chain([&at]).flat_map(|at| self.inherits[*at].clone()).collect();
            all.extend(more);
        }
        all
    }

    fn has_circle(&self) -> bool {
        (0..ROLES).any(|at| self.above(at).contains(&at))
    }

    fn held(&self, own: &BTreeSet<usize>) -> BTreeSet<String> {
        let through = own.iter().flat_map(|at| self.above(*at)).chain(own.iter().copied());
        let names = through.flat_map(|at| self.permissions[at].clone()).map(|at| format!("x:p{at}"));
        names.chain(own.iter().map(|_| "tenant:read".to_owned())).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Promise: `policy/checked-at-start`
    #[test]
    fn a_policy_is_refused_when_it_has_a_circle_and_otherwise_not(model in models()) {
        let read = Settings::parse(&model.text());
        prop_assert_eq!(read.is_err(), model.has_circle(), "{}", model.text());
        if let Err(errors) = read {
            prop_assert!(errors.iter().all(|error| error.problem.contains("inherits from itself")), "{errors:?}");
        }
    }

    /// Promise: `policy/no-more-than-said`, `policy/gives-what-it-may`
    #[test]
    fn bits_and_sets_agree(mut model in models(), own in proptest::collection::btree_set(0..ROLES, 0..4)) {
        for (at, inherits) in model.inherits.iter_mut().enumerate() {
            inherits.retain(|from| *from > at);
        }
        let policy = super::parsed(&model.text());
        let names: Vec<String> = own.iter().map(|at| format!("r{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        prop_assert_eq!(held(&policy, &names), model.held(&own));
        for at in 0..ROLES {
            let gives = own.iter().any(|own| model.grants[*own].contains(&at));
            prop_assert_eq!(policy.may_give(&roles(&names), &role(&format!("r{at}"))), gives);
        }
        prop_assert!(!policy.may_give(&roles(&names), &role("owner")));
    }
}
