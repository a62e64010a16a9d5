//! Where one is taken after logging in.

use super::*;

/// What a browser, a proxy or a parser has taken for another site somewhere.
const EVIL: &[&str] = &[
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%2f/evil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "//evil.example@localhost:4400",
    "http://localhost:4400@evil.example",
    "http://localhost:4400.evil.example",
    "http://localhost:4400/auth/account",
    "javascript:alert(1)",
    "JaVaScRiPt://%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "/\tevil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\r\nSet-Cookie: a=b",
    "/a\nLocation: //evil.example",
    "/a%0d%0aSet-Cookie:%20a=b",
    "/a%00",
    " /auth/account",
    "/auth/account ",
    "/..//evil.example",
    "/a/../../evil.example",
    "/./evil.example",
    "/%2e%2e/evil.example",
    "/a//evil.example",
    "/\u{ff0f}evil.example",
    "/evil\u{3002}example",
    "/\u{2028}evil",
    "/a#//evil.example",
    "/a?b?c=//evil.example",
    "evil.example",
    "auth/account",
    "?x",
    "#x",
    "",
    "/\"><script>",
    "/`",
];

async fn log_in_to(person: &mut Actor, return_to: &str) -> Answer {
    let token = person.form_token().await;
    let form = [("email", ANN), ("password", PASSWORD), ("return_to", return_to)];
    person.post_with(&token, "/auth/login", &form).await
}

on_every_engine! {
    /// Promise: `login/return-to`
    async fn a_path_of_ours_is_reached(app: TestApp) {
        app.account(ANN).await;
        for path in ["/", "/shop/cart", "/shop?item=1&back=//x", "/auth/account?done=confirmed", "/a-b_c.d~e/%41"] {
            let mut ann = app.visitor().in_browser();
            let query = url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
            let page = ann.get(&format!("/auth/login?return_to={query}")).await;
            let hidden = path.replace('&', "&#38;");
            assert!(page.text().contains(&format!("name=\"return_to\" value=\"{hidden}\"")), "{}", page.text());
            let answer = log_in_to(&mut ann, path).await;
            assert_eq!((answer.status, answer.header("location")), (303, path));
        }
    }

    /// Promise: `login/return-to`
    async fn a_failed_try_keeps_the_way_back(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor().in_browser();
        let token = ann.form_token().await;
        let form = [("email", ANN), ("password", WRONG), ("return_to", "/shop/cart")];
        let answer = ann.post_with(&token, "/auth/login", &form).await;
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains("name=\"return_to\" value=\"/shop/cart\""));
        let form = [("email", ANN), ("password", WRONG), ("return_to", "//evil.example")];
        assert!(!ann.post_with(&token, "/auth/login", &form).await.text().contains("evil"));
    }

    /// Promise: `login/return-to`
    async fn nothing_else_is(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor().in_browser();
        for evil in EVIL {
            let query = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect::<String>();
            let page = ann.get(&format!("/auth/login?return_to={query}")).await;
            assert!(page.status == 200 && !page.text().contains("name=\"return_to\""), "{evil:?}");
            let answer = log_in_to(&mut ann, evil).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/auth/account"), "{evil:?}");
            assert_eq!(answer.set_cookies().len(), 3, "{evil:?}");
        }
    }

    /// Promise: `login/return-to`
    async fn a_repeated_way_back_is_refused(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor().in_browser();
        assert_eq!(ann.get("/auth/login?return_to=/a&return_to=//evil.example").await.status, 400);
        let token = ann.form_token().await;
        let form = [("email", ANN), ("password", PASSWORD), ("return_to", "/a"), ("return_to", "//evil.example")];
        assert_eq!(ann.post_with(&token, "/auth/login", &form).await.status, 400);
        assert_eq!(ann.session_cookie(), None);
    }
}
