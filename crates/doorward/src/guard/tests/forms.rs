//! Forms that were refused come back with what was typed, passwords apart.

use super::*;

const TYPED: &str = "Typed \"by\" <b>Ann</b>";
const SHOWN: &str = "Typed &#34;by&#34; &#60;b&#62;Ann&#60;/b&#62;";
const SECRET: &str = "my-secret-passphrase";

fn value_of(page: &str, input: &str) -> String {
    let tag = page.split('<').find(|tag| tag.starts_with("input") && tag.contains(&format!("name=\"{input}\"")));
    let tag = tag.unwrap_or_else(|| panic!("the page has no input {input}: {page}"));
    tag.split_once("value=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or(String::new(), |(value, _)| value.to_owned())
}

on_every_engine! {
    /// Promise: `guard/forms-survive`
    async fn a_refused_form_comes_back_with_what_was_typed(app: TestApp) {
        let mut visitor = app.visitor().in_browser();
        let mut ann = app.person(ANN).await.in_browser();
        let too_long = format!("{TYPED}{}", "a".repeat(200));
        let cases = [
            (&mut visitor.clone(), "/auth/login", vec![("email", TYPED), ("password", SECRET)], "email", TYPED),
            (&mut visitor.clone(), "/auth/signup", vec![("email", TYPED), ("password", SECRET)], "email", TYPED),
            (&mut visitor.clone(), "/auth/signup", vec![("email", "new@example.com"), ("password", "short")], "email", "new@example.com"),
            (&mut visitor, "/auth/password/forgot", vec![("email", TYPED)], "email", TYPED),
            (&mut ann.clone(), "/auth/email/change", vec![("email", TYPED)], "email", TYPED),
            (&mut ann, "/auth/account/profile", vec![("display_name", &too_long)], "display_name", &too_long),
        ];
        for (person, path, form, input, typed) in cases {
            let answer = person.post(path, &form).await;
            assert_eq!(answer.status, 422, "{path}");
            let page = answer.text();
            assert_eq!(value_of(&page, input), typed.replace(TYPED, SHOWN), "{path}");
            assert!(page.contains("aria-invalid=\"true\""), "{path} says which field is meant");
            assert!(!page.contains("<b>Ann"), "{path} escapes what was typed");
        }
    }

    /// Promise: `guard/forms-survive`
    async fn a_wrong_login_comes_back_with_the_address_and_the_way(app: TestApp) {
        let mut ann = app.visitor().in_browser();
        let form = [("email", ANN), ("password", SECRET), ("return_to", "/auth/sessions")];
        let answer = ann.post("/auth/login", &form).await;
        let page = answer.text();
        assert_eq!(answer.status, 401);
        assert_eq!((value_of(&page, "email").as_str(), value_of(&page, "return_to").as_str()), (ANN, "/auth/sessions"));
        assert!(!value_of(&page, "csrf_token").is_empty(), "the form can be sent again");
    }

    /// Promise: `guard/forms-survive`
    async fn no_page_and_no_problem_repeats_a_password(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for accept in ["text/html", "application/json"] {
            for route in changing().into_iter().filter(|route| route.fields.iter().any(|field| field.name.contains("password"))) {
                let mut person = if route.guard == "Public" { app.visitor() } else { ann.clone() };
                person.set_header("accept", accept);
                let fields: Vec<_> = route.fields.iter().map(|field| {
                    let value = if field.name.contains("password") { SECRET.to_owned() } else { plausible(field.name) };
                    (field.name, value)
                }).collect();
                let form: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let token = token_for(&mut person, &route).await;
                let answer = person.post_with(&token, &path_of(&route), &form).await;
                assert!(!answer.text().contains(SECRET), "{} repeats it", name_of(&route));
                assert!(!format!("{:?}", answer.headers).contains(SECRET), "{} repeats it in a header", name_of(&route));
            }
            ann = app.visitor();
            assert_eq!(ann.post("/auth/login", &[("email", ANN), ("password", SECRET)]).await.status, 200, "the change above happened");
            let token = ann.csrf_token().await;
            let form = [("new_password", "another quite different one")];
            assert_eq!(ann.post_with(&token, "/auth/password/change", &form).await.status, 200);
            ann = app.visitor();
            assert_eq!(ann.post("/auth/login", &[("email", ANN), ("password", "another quite different one")]).await.status, 200);
        }
    }
}
