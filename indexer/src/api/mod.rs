//! REST over the database: JSON, big numbers as decimal strings, addresses as 0x hex.

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{status::Status, store::Reader};

/// The API over a database; `status` tells the progress of whoever writes it.
pub fn router(reader: Reader, status: Status) -> Router {
    let _ = (reader, status);
    Router::new()
}

/// Serves until `cancel`; requests that are being answered are finished.
///
/// # Errors
///
/// If the socket fails.
pub async fn serve(listener: TcpListener, router: Router, cancel: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(cancel.cancelled_owned()).await
}
