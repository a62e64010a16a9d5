use std::collections::HashSet;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn root(leaves: &[Vec<u8>]) -> Hash {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(leaf));
    tree.root()
}

/// MTH as RFC 6962 section 2.1 writes it, from above.
fn by_the_book(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [one] => Hash::of(&[&[0], one]),
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            Hash::of(&[&[1], &by_the_book(left).0, &by_the_book(right).0])
        }
    }
}

/// The vectors that the reference implementation of Certificate Transparency is tested with.
#[test]
fn the_roots_are_those_of_certificate_transparency() {
    let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let leaves = leaves.map(bytes);
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (count, expected) in roots.iter().enumerate() {
        assert_eq!(root(&leaves[..count]).0[..], bytes(expected), "{count} leaves");
    }
}

#[test]
fn a_tree_of_any_size_is_the_one_of_the_book() {
    let leaves: Vec<Vec<u8>> = (0..260_u16).map(|n| n.to_be_bytes().to_vec()).collect();
    for count in 0..leaves.len() {
        assert_eq!(root(&leaves[..count]), by_the_book(&leaves[..count]), "{count} leaves");
    }
}

#[test]
fn a_leaf_is_no_node() {
    let (left, right) = (vec![1], vec![2]);
    let pair = [Hash::of(&[&[0], &left]).0, Hash::of(&[&[0], &right]).0].concat();
    assert_ne!(root(&[left, right]), root(&[pair]), "a second preimage would be as simple as that");
}

#[test]
fn no_two_events_are_spelt_alike() {
    let at = Timestamp::from_secs(1);
    let texts = [Some("a"), Some("b"), None, None, Some("c"), None, None, None];
    let with = |index: usize, text| {
        let mut changed = texts;
        changed[index] = text;
        spell(1, at, changed)
    };
    let mut spelt = vec![spell(1, at, texts), spell(2, at, texts), spell(1, Timestamp::from_micros(1_000_001), texts)];
    for index in 0..8 {
        spelt.extend([with(index, Some("")), with(index, Some("x")), with(index, Some("x\0"))]);
        spelt.extend((index < 2 || index == 4).then(|| with(index, None)));
    }
    spelt.push(spell(1, at, [Some("ab"), Some(""), None, None, Some("c"), None, None, None]));
    spelt.push(spell(1, at, [Some("a"), None, Some("b"), None, Some("c"), None, None, None]));
    assert_eq!(spelt.iter().collect::<HashSet<_>>().len(), spelt.len());
}

#[test]
fn the_chain_changes_with_everything_that_a_seal_says() {
    let (first, second) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
    let seal = Seal {
        id: 3,
        events: 4,
        total: 5,
        first_event: 6,
        last_event: 7,
        first_at: first,
        last_at: second,
        root: Hash([8; 32]),
        sealed_at: second,
    };
    let changed = [
        Seal { id: 4, ..seal },
        Seal { events: 5, ..seal },
        Seal { total: 6, ..seal },
        Seal { first_event: 7, ..seal },
        Seal { last_event: 8, ..seal },
        Seal { first_at: second, ..seal },
        Seal { last_at: first, ..seal },
        Seal { root: Hash([9; 32]), ..seal },
        Seal { sealed_at: first, ..seal },
    ];
    let before = Hash([1; 32]);
    let mut chains: HashSet<[u8; 32]> = changed.iter().map(|seal| seal.chain(&before).0).collect();
    chains.extend([seal.chain(&before).0, seal.chain(&Hash([2; 32])).0]);
    assert_eq!(chains.len(), changed.len() + 2);
}
