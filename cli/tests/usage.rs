//! What the program says about wrong input, without any chain.

mod common;

use std::{fs, path::Path};

use common::spheron;

/// The first account of the test mnemonic that everybody knows.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

fn new_keystore(folder: &Path) -> String {
    let file = folder.join("me.json").display().to_string();
    let import = spheron(&["keys", "import", "--out", &file]);
    let shown = import.env("SPHERON_PRIVATE_KEY", KEY).env("SPHERON_KEYSTORE_PASSWORD", "secret").prints();
    assert!(shown.contains(ADDRESS), "{shown}");
    file
}

#[test]
fn help_shows_an_example() {
    for command in [
        &["--help"][..],
        &["devnet", "--help"],
        &["lease", "open", "--help"],
        &["node", "register", "--help"],
        &["stake", "exit", "--help"],
        &["account", "deposit", "--help"],
        &["keys", "new", "--help"],
    ] {
        let help = spheron(command).prints();
        assert!(help.contains("Example:\n  spheron "), "{command:?}: {help}");
    }
}

#[test]
fn a_key_goes_into_a_keystore_and_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_keystore(folder.path());
    let address = spheron(&["keys", "address", "--keystore", &file, "--json"]);
    assert_eq!(address.env("SPHERON_KEYSTORE_PASSWORD", "secret").json()["address"], ADDRESS.to_lowercase());

    let password = folder.path().join("password");
    fs::write(&password, "secret\n").unwrap();
    let address = spheron(&["keys", "address", "--keystore", &file]);
    let shown = address.env("SPHERON_KEYSTORE_PASSWORD_FILE", &password.display().to_string()).prints();
    assert!(shown.contains(ADDRESS), "{shown}");
}

#[test]
fn a_new_key_is_another_one_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let out = folder.path().join(name).display().to_string();
        spheron(&["keys", "new", "--json", "--out", &out]).env("SPHERON_KEYSTORE_PASSWORD", "secret").json()
    };
    assert_ne!(make("a.json")["address"], make("b.json")["address"]);
}

#[cfg(unix)]
#[test]
fn a_keystore_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = new_keystore(folder.path());
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_keystore_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_keystore(folder.path());
    let before = fs::read(&file).unwrap();
    let error = spheron(&["keys", "new", "--out", &file]).env("SPHERON_KEYSTORE_PASSWORD", "other").fails();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_wrong_password_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_keystore(folder.path());
    let address = spheron(&["keys", "address", "--keystore", &file]);
    let error = address.env("SPHERON_KEYSTORE_PASSWORD", "guess").fails();
    assert_eq!(error, format!("error: wrong password for {file}"));
}

#[test]
fn without_a_terminal_nobody_is_asked_for_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_keystore(folder.path());
    let error = spheron(&["keys", "address", "--keystore", &file]).fails();
    assert!(error.contains("SPHERON_KEYSTORE_PASSWORD_FILE"), "{error}");
}

#[test]
fn what_is_no_keystore_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.json").display().to_string();
    let address = || spheron(&["keys", "address", "--keystore", &file]).env("SPHERON_KEYSTORE_PASSWORD", "secret");
    assert!(address().fails().contains("cannot read the keystore"), "a missing file");
    for text in ["", "{}", "[1]", "{\"crypto\":{\"kdfparams\":{\"dklen\":32}}}"] {
        fs::write(&file, text).unwrap();
        assert!(address().fails().contains("is no keystore"), "{text:?}");
    }
    let good = fs::read_to_string(new_keystore(folder.path())).unwrap();
    fs::write(&file, good.replace("\"dklen\":32", "\"dklen\":8")).unwrap();
    assert!(address().fails().contains("dklen"));
}

#[test]
fn a_key_is_never_shown_even_if_it_is_wrong() {
    let half = &KEY[..40];
    for command in [&["keys", "address"][..], &["stake", "status"]] {
        let output = spheron(command).env("SPHERON_PRIVATE_KEY", half).run();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && !said.contains(&half[2..]), "{said}");
    }
    let error = spheron(&["keys", "address"]).env("SPHERON_PRIVATE_KEY", half).fails();
    assert!(error.contains("SPHERON_PRIVATE_KEY is no private key"), "{error}");
}

#[test]
fn no_key_at_all_is_said() {
    let error = spheron(&["keys", "address"]).fails();
    assert!(error.contains("--keystore FILE") && error.contains("SPHERON_PRIVATE_KEY"), "{error}");
}

#[test]
fn a_missing_or_foreign_deployment_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = spheron(&["lease", "offers"]).within(folder.path()).fails();
    assert!(error.contains("deployments/arbitrum.json") && error.contains("spheron devnet"), "{error}");
    fs::write(folder.path().join("other.json"), "{\"chain\": 5}").unwrap();
    let error = spheron(&["lease", "offers", "--deployment", "other.json"]).within(folder.path()).fails();
    assert!(error.contains("other.json is not a deployment file"), "{error}");
}

#[test]
fn wrong_values_are_named() {
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for (arguments, said) in [
        (&["account", "deposit", "x"][..], "\"x\" is no amount"),
        (&["account", "deposit", "-5"], "\"-5\" is no amount"),
        (&["account", "deposit", "1e18"], "\"1e18\" is no amount"),
        (&["account", "withdraw", "1", "--to", "0x12"], "\"0x12\" is no address"),
        (&["account", "withdraw", "1", "--token", "euro"], "\"euro\" is no token"),
        (&["account", "balance", "0xF39fd6e51aad88F6F4ce6aB8827279cffFb92266"], "checksum"),
        (&["lease", "open", "0x1234", "--for", "5"], "\"5\" is no length of time"),
        (&["lease", "top-up", "0x1234", "1w"], "\"1w\" is no length of time"),
        (&["lease", "topup", "0x1234", "1w"], "\"1w\" is no length of time"),
        (&["node", "offer", ADDRESS, "--price", "1", "--hold", "20"], "\"20\" is no share"),
        (&["node", "commission", "10"], "\"10\" is no share"),
        (
            &["lease", "standing", "new", "0x1234", "--add", "1h", "--below", "1h", "--budget", "1", "--tip", "1.01%"],
            "a tip is 1% at most",
        ),
        (&["lease", "close", "lease"], "\"lease\" names nothing"),
        (&["lease", "open", "0x1234", "--for", "1h", "--salt", "0x12"], "\"0x12\" is no hash"),
        (&["node", "register", "--resource", "RTX 4099", "--uri", "x"], "\"RTX 4099\" is no resource"),
        (&["account", "deposit", most, "--deployment", "/nowhere.json"], "/nowhere.json"),
        (&["fly"], "fly"),
    ] {
        let error = spheron(arguments).env("SPHERON_PRIVATE_KEY", KEY).fails();
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn an_endpoint_that_does_not_answer_is_named_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let contracts = [
        "authority",
        "spon",
        "stakedSpon",
        "ledger",
        "leaseBook",
        "offerBoard",
        "standingTopUps",
        "lens",
        "router",
        "payout",
        "measurementDemand",
        "attestationPolicy",
        "verifierSet",
        "bonds",
        "nodeRegistry",
        "resourceCatalog",
        "distributor",
        "disputes",
        "outageClock",
        "pauseSwitch",
        "dollar",
    ];
    let contracts: serde_json::Map<_, _> = contracts.iter().map(|name| ((*name).to_owned(), ADDRESS.into())).collect();
    let book = serde_json::json!({ "chain": "arbitrum", "chainId": 42161, "startBlock": 0, "contracts": contracts });
    fs::write(folder.path().join("book.json"), book.to_string()).unwrap();
    let offers = || spheron(&["lease", "offers", "--deployment", "book.json"]).within(folder.path());
    assert!(offers().fails().contains("pass --rpc-url or set SPHERON_RPC_URL"));
    let error = offers().env("SPHERON_RPC_URL", "http://127.0.0.1:1/hidden").fails();
    assert!(error.contains("is the endpoint up?") && !error.contains("hidden"), "{error}");
    let error = offers().env("SPHERON_RPC_URL", "nonsense").fails();
    assert!(error.contains("is not a URL"), "{error}");
}

#[test]
fn a_deployment_names_what_is_wrong_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let example = fs::canonicalize("../deployment/settings/arbitrum.toml").unwrap();
    let text = fs::read_to_string(&example).unwrap();
    let dry_run = |file: &str, url: &str| {
        spheron(&["deploy", file, "--dry-run", "--from", ADDRESS])
            .env("SPHERON_RPC_URL", url)
            .within(folder.path())
            .fails()
    };
    let error = dry_run(&example.display().to_string(), "http://127.0.0.1:1/hidden");
    assert!(error.contains("Connection refused") && !error.contains("hidden"), "{error}");
    fs::write(folder.path().join("bad.toml"), text.replace("fee-bps", "fee-bsp")).unwrap();
    let error = dry_run("bad.toml", "http://127.0.0.1:1");
    assert!(error.contains("bad.toml"), "{error}");
    let error = dry_run("none.toml", "http://127.0.0.1:1");
    assert!(error.contains("none.toml"), "{error}");
    let keyless = spheron(&["deploy", &example.display().to_string(), "--rpc-url", "http://127.0.0.1:1", "--dry-run"]);
    assert!(keyless.fails().contains("--from ADDRESS"));
}
