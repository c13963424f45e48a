//! Machine actions.

use serde_json::{Value, json};

use super::{error, ids, refused, start};
use crate::session::{DEFENDER as SCOPE, Session};

const ISOLATED: &str = "ws-204.contoso.example";
const FREE: &str = "ws-088.contoso.example";
const LINUX: &str = "srv-7.contoso.example";
const RESTRICTED: &str = "srv-22.contoso.example";

async fn ask(session: &Session, machine: &str, verb: &str, body: Value) -> (u16, String) {
    let response = session.post(&format!("/api/machines/{machine}/{verb}"), &body).await;
    match response.status.as_u16() {
        201 => (201, response.json()["status"].as_str().unwrap_or_default().to_owned()),
        _ => error(&response),
    }
}

fn comment() -> Value {
    json!({ "Comment": "Because of a test" })
}

fn full() -> Value {
    json!({ "Comment": "Because of a test", "IsolationType": "Full" })
}

async fn availability(session: &Session, machine: &str, action: &str) -> Value {
    let path = format!("/api/machines/{machine}/availableMachineActions");
    let list = session.list(&path, &[]).await;
    list.iter().find(|it| it["action"] == action).expect("the action is listed").clone()
}

#[tokio::test]
async fn isolation_is_created_shown_and_undone() {
    let session = start().await;
    let response = session.post(&format!("/api/machines/{FREE}/isolate"), &full()).await;
    assert_eq!(response.status, 201);
    let action = response.json();
    assert_eq!(action["type"], "Isolate");
    assert_eq!(action["scope"], "Full");
    assert_eq!(action["status"], "Pending");
    assert_eq!(action["computerDnsName"], FREE);
    assert_eq!(action["requestor"], "relay-app");
    assert_eq!(action["requestorComment"], "Because of a test");
    assert_eq!(action["requestSource"], "PublicApi");

    let id = action["machineId"].as_str().expect("an id");
    let listed = session
        .list(&format!("/api/machineactions?$filter=machineId%20eq%20'{id}'&$top=100"), &[])
        .await;
    assert_eq!(listed[0]["id"], action["id"]);
    assert_eq!(listed.len(), 4);
    assert_eq!(
        session.list(&format!("/api/machines/{id}/machineactions?$top=1"), &[]).await[0]["id"],
        action["id"]
    );
    let one = session
        .get(&format!("/api/machineactions/{}", action["id"].as_str().expect("an id")))
        .await;
    assert_eq!(one.json()["id"], action["id"]);

    let shown = availability(&session, FREE, "FullIsolation").await;
    assert_eq!(shown["isAvailable"], false);
    let again = ask(&session, FREE, "isolate", full()).await;
    assert_eq!(again, refused(400, "ActiveRequestAlreadyExists"));

    assert_eq!(ask(&session, FREE, "unisolate", comment()).await, refused(201, "Pending"));
    let twice = ask(&session, FREE, "unisolate", comment()).await;
    assert_eq!(twice, refused(400, "ActiveRequestAlreadyExists"));
    assert_eq!(ask(&session, FREE, "isolate", full()).await, refused(201, "Pending"));
}

#[tokio::test]
async fn isolation_starts_once_and_ends_only_if_it_is_on() {
    let session = start().await;
    let again = ask(&session, ISOLATED, "isolate", full()).await;
    assert_eq!(again, refused(400, "ActiveRequestAlreadyExists"));
    assert_eq!(ask(&session, FREE, "unisolate", comment()).await, refused(400, "BadRequest"));
    assert_eq!(ask(&session, ISOLATED, "unisolate", comment()).await, refused(201, "Pending"));
}

#[tokio::test]
async fn restriction_is_a_switch_of_its_own() {
    let session = start().await;
    let (on, off) = ("restrictCodeExecution", "unrestrictCodeExecution");
    let again = ask(&session, RESTRICTED, on, comment()).await;
    assert_eq!(again, refused(400, "ActiveRequestAlreadyExists"));
    assert_eq!(ask(&session, RESTRICTED, off, comment()).await, refused(201, "Pending"));
    assert_eq!(ask(&session, FREE, off, comment()).await, refused(400, "BadRequest"));
    assert_eq!(ask(&session, FREE, on, comment()).await, refused(201, "Pending"));
    assert_eq!(availability(&session, FREE, "RestrictCodeExecution").await["isAvailable"], false);
    assert_eq!(availability(&session, FREE, "FullIsolation").await["isAvailable"], true);
}

#[tokio::test]
async fn scans_and_packages_run_once_at_a_time() {
    let session = start().await;
    let scan = json!({ "Comment": "c", "ScanType": "Quick", "ExternalId": "case-7" });
    let response = session.post(&format!("/api/machines/{LINUX}/runAntiVirusScan"), &scan).await;
    let action = response.json();
    assert_eq!((response.status.as_u16(), &action["scope"]), (201, &json!("Quick")));
    assert_eq!(action["externalId"], "case-7");
    for (verb, body) in [("runAntiVirusScan", scan), ("collectInvestigationPackage", comment())] {
        let second = ask(&session, LINUX, verb, body.clone()).await;
        let expected = if verb == "runAntiVirusScan" {
            refused(400, "ActiveRequestAlreadyExists")
        } else {
            refused(201, "Pending")
        };
        assert_eq!(second, expected);
        let third = ask(&session, LINUX, verb, body).await;
        assert_eq!(third, refused(400, "ActiveRequestAlreadyExists"));
    }
}

#[tokio::test]
async fn an_investigation_starts() {
    let session = start().await;
    let path = format!("/api/machines/{FREE}/startInvestigation");
    let response = session.post(&path, &comment()).await;
    assert_eq!(response.status, 201);
    let investigation = response.json();
    assert_eq!(investigation["state"], "Running");
    assert_eq!(investigation["computerDnsName"], FREE);
    assert_eq!(investigation["endTime"], Value::Null);
    let next = session.post(&path, &comment()).await.json();
    assert_ne!(next["id"], investigation["id"]);
    let linux = ask(&session, LINUX, "startInvestigation", comment()).await;
    assert_eq!(linux, refused(400, "OsPlatformNotSupported"));
}

#[tokio::test]
async fn platforms_limit_what_can_be_done() {
    let session = start().await;
    let selective = json!({ "Comment": "c", "IsolationType": "Selective" });
    let unmanaged = json!({ "Comment": "c", "IsolationType": "UnManagedDevice" });
    for (machine, verb, body) in [
        (LINUX, "isolate", selective.clone()),
        (FREE, "isolate", unmanaged),
        (LINUX, "restrictCodeExecution", comment()),
        ("mac-31.contoso.example", "isolate", selective),
    ] {
        let response = ask(&session, machine, verb, body).await;
        assert_eq!(response, refused(400, "OsPlatformNotSupported"), "{machine} {verb}");
    }
}

#[tokio::test]
async fn bodies_are_checked() {
    let session = start().await;
    for (verb, body, code) in [
        ("isolate", json!({}), "MissingRequiredParameter"),
        ("isolate", json!({ "Comment": "" }), "MissingRequiredParameter"),
        ("isolate", json!({ "comment": "c", "IsolationType": "Full" }), "InvalidRequestBody"),
        ("isolate", json!({ "Comment": "c", "IsolationType": "full" }), "InvalidInput"),
        ("isolate", json!({ "Comment": 7 }), "InvalidRequestBody"),
        ("isolate", json!(["Comment"]), "InvalidRequestBody"),
        ("isolate", json!({ "Comment": "c", "ScanType": "Full" }), "InvalidRequestBody"),
        ("unisolate", json!({ "Comment": "c", "IsolationType": "Full" }), "InvalidRequestBody"),
        ("runAntiVirusScan", comment(), "MissingRequiredParameter"),
        ("runAntiVirusScan", json!({ "Comment": "c", "ScanType": "Deep" }), "InvalidInput"),
        ("collectInvestigationPackage", json!({}), "MissingRequiredParameter"),
        ("startInvestigation", json!({}), "MissingRequiredParameter"),
    ] {
        let response = ask(&session, FREE, verb, body.clone()).await;
        assert_eq!(response, refused(400, code), "{verb} {body}");
    }
    let path = format!("/api/machines/{FREE}/isolate");
    let json = [("content-type", "application/json")];
    for (headers, body) in [(&json[..], "{"), (&[], "{\"Comment\": \"c\"}")] {
        let response = session.send(http::Method::POST, &path, headers, body).await;
        assert_eq!(error(&response), refused(400, "InvalidRequestBody"), "{headers:?}");
    }
}

#[tokio::test]
async fn unknown_machines_and_actions_are_not_found() {
    let session = start().await;
    let nowhere = ask(&session, "unknown", "isolate", full()).await;
    assert_eq!(nowhere, refused(404, "ResourceNotFound"));
    let nothing = ask(&session, FREE, "explode", full()).await;
    assert_eq!(nothing, refused(404, "NotFound"));
    let action = session.get("/api/machineactions/unknown").await;
    assert_eq!(error(&action), refused(404, "ResourceNotFound"));
    let list = session.get("/api/machines/unknown/machineactions").await;
    assert_eq!(error(&list), refused(404, "ResourceNotFound"));
}

#[tokio::test]
async fn the_list_knows_the_documented_filters() {
    let session = start().await;
    let path = "/api/machineactions?$filter=type%20in%20('Unisolate','Isolate')%20and%20status%20eq%20'Succeeded'&$top=1";
    let newest = session.list(path, &[]).await;
    assert_eq!(newest[0]["id"], "e58b0810-06f7-43df-a967-a64cb14028d5");
    assert_eq!(newest.len(), 1);
    let ended = ids(&session, "/api/machineactions?$filter=status+ne+'Succeeded'").await;
    assert_eq!(ended.len(), 3);
    let nobody = session.list("/api/machineactions?$filter=requestor+eq+'nobody'", &[]).await;
    assert_eq!(nobody, [] as [Value; 0]);
}

#[tokio::test]
async fn sandboxes_and_tenants_do_not_share_actions() {
    use sandbox::identity::{app::DEFENDER, tenant::NORTHWIND};
    let session = start().await;
    assert_eq!(ask(&session, FREE, "isolate", full()).await.0, 201);
    let other_tenant = session.switch(&NORTHWIND, &DEFENDER, SCOPE).await;
    assert_eq!(ask(&other_tenant, FREE, "isolate", full()).await.0, 201);
    let other_sandbox = start().await;
    assert_eq!(ask(&other_sandbox, FREE, "isolate", full()).await.0, 201);
}
