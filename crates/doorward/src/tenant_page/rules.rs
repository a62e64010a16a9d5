//! What a tenant is called in addresses when nobody has said, and which roles a form means.

use doorward_core::{Entropy, RoleName, Slug};

use crate::{guard::Problem, policy::OwnRoles, tenants};

/// Reads what a tenant is to be called; without a slug there is none.
pub(super) fn parsed(name: &str, slug: &str) -> Result<(Option<Slug>, String), Problem> {
    let invalid = || Problem::field("name", "name_invalid", "A name has 1 to 100 characters.");
    let name = tenants::display_name(name).ok_or_else(invalid)?;
    let slug = match slug.trim() {
        "" => None,
        text => Some(
            text.parse::<Slug>()
                .map_err(|denied| Problem::field("slug", "slug_invalid", format!("An address has {denied}.")))?,
        ),
    };
    Ok((slug, name))
}

/// Slugs after a name: the name's own letters, then the same with a few letters by chance behind it.
pub(super) fn slugs_after(name: &str, entropy: &dyn Entropy) -> Vec<Slug> {
    let plain = plain(name);
    let own = plain.parse().ok();
    let beginning = if plain.is_empty() { "org" } else { plain.as_str() };
    let with_chance = (0..TRIES).filter_map(|_| format!("{beginning}-{}", chance(entropy)).parse().ok());
    own.into_iter().chain(with_chance).collect()
}

/// Reads the roles that somebody is to have: names with commas between, and those that a form has ticked.
pub(super) fn roles(text: &str, ticked: &[(String, zeroize::Zeroizing<String>)]) -> Result<OwnRoles, Problem> {
    let unknown = || Problem::field("roles", "unknown_role", "There is no such role.");
    let named = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut roles: Vec<RoleName> = named.map(str::parse).collect::<Result<_, _>>().map_err(|_| unknown())?;
    for (name, value) in ticked {
        if value.as_str() != "on" {
            let text = "A role of a form is `on`, or is not sent.";
            return Err(Problem::field("roles", "role_invalid", text));
        }
        roles.push(name.parse().map_err(|_| unknown())?);
    }
    Ok(OwnRoles::new(roles))
}

/// The small letters and digits of a name, with single hyphens for what stands between them.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let spelled = match c {
            'a'..='z' | '0'..='9' => c.to_string(),
            _ => spelled(c).to_owned(),
        };
        let between = spelled.is_empty() && c != '\'' && !plain.is_empty() && !plain.ends_with('-');
        plain.push_str(if between { "-" } else { &spelled });
    }
    let from_letter = plain.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    from_letter.chars().take(MOST).collect::<String>().trim_end_matches('-').to_owned()
}

/// How a letter beyond ASCII is spelled without its signs; empty for what is no letter of these.
fn spelled(c: char) -> &'static str {
    match c {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' | 'ă' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' => "s",
        'ù' | 'ú' | 'û' | 'ű' | 'ů' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

fn chance(entropy: &dyn Entropy) -> String {
    let mut random = [0; 4];
    entropy.fill(&mut random);
    // No vowels and nothing that looks like another: it spells no word.
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 16)])).collect()
}

const LETTERS: &[u8; 16] = b"bcdfghjkmnpqrstv";
/// Leaves room for the letters by chance.
const MOST: usize = 24;
const TRIES: usize = 5;
