//! REST over the database: JSON, big numbers as decimal strings, addresses as 0x hex.
//!
//! | path | answers |
//! |---|---|
//! | `/health`, `/ready` | where each chain stands; `/ready` is 503 while one is stalled or has not begun |
//! | `/nodes`, `/nodes/{address}` | nodes; `provider`, `status` |
//! | `/leases`, `/leases/{id}` | leases; `renter`, `provider`, `node`, `status` |
//! | `/accounts/{address}` | balances, bonds, stake and leases of an account |
//! | `/stakes` | sSPON: the vault, holders, exits |
//! | `/verdicts` | verdicts on nodes; `node`, `lease` |
//! | `/epochs`, `/epochs/{n}` | epochs of rewards, and what was paid |
//!
//! Every list takes `chain` (id or name), `limit` (1 to 1000) and `after` (the `next` of the page before).

use axum::{Router, http::StatusCode, routing::get};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

mod accounts;
mod error;
mod health;
mod leases;
mod nodes;
mod page;
mod params;
mod rewards;

use error::ApiError;

use crate::{status::Status, store::Reader};

/// What the handlers share.
#[derive(Debug, Clone)]
struct Api {
    reader: Reader,
    status: Status,
}

/// The API over a database; `status` tells the progress of whoever writes it.
pub fn router(reader: Reader, status: Status) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/nodes", get(nodes::list))
        .route("/nodes/{address}", get(nodes::one))
        .route("/leases", get(leases::list))
        .route("/leases/{id}", get(leases::one))
        .route("/accounts/{address}", get(accounts::one))
        .route("/stakes", get(accounts::stakes))
        .route("/verdicts", get(nodes::verdicts))
        .route("/epochs", get(rewards::list))
        .route("/epochs/{number}", get(rewards::one))
        .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "no such path; see /health, /nodes, /leases") })
        .with_state(Api { reader, status })
}

/// Serves until `cancel`; requests that are being answered are finished.
///
/// # Errors
///
/// If the socket fails.
pub async fn serve(listener: TcpListener, router: Router, cancel: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(cancel.cancelled_owned()).await
}
