//! What happened since the deployment, from the chain's own logs.

use alloy::{
    primitives::Address,
    providers::Provider as _,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};

use crate::{Answer, Client, ClientError};

impl Client {
    /// Every event `E` of `contract` that `filter` lets through, oldest first.
    ///
    /// An endpoint that refuses a range of blocks, as public ones do, is asked for its halves.
    ///
    /// # Errors
    ///
    /// If the endpoint fails, even for a single block.
    pub async fn events<E: SolEvent>(&self, contract: Address, filter: Filter) -> Result<Vec<E>, ClientError> {
        let logs = self.logs(filter.address(contract).event_signature(E::SIGNATURE_HASH)).await?;
        Ok(logs.iter().filter_map(decode::<E>).collect())
    }

    /// The latest of the events `A` and `B` of `contract` that `filter` lets through, as `a` or `b` makes of it.
    ///
    /// # Errors
    ///
    /// As [`Client::events`].
    pub(crate) async fn latest_of<A: SolEvent, B: SolEvent, T>(
        &self,
        contract: Address,
        filter: Filter,
        a: impl Fn(A) -> T,
        b: impl Fn(B) -> T,
    ) -> Result<Option<T>, ClientError> {
        let signatures = vec![A::SIGNATURE_HASH, B::SIGNATURE_HASH];
        let logs = self.logs(filter.address(contract).event_signature(signatures)).await?;
        Ok(logs.iter().rev().find_map(|log| decode(log).map(&a).or_else(|| decode(log).map(&b))))
    }

    fn logs(&self, filter: Filter) -> Answer<'_, Vec<Log>> {
        Box::pin(async move {
            let latest = self.provider.get_block_number().await;
            let latest = latest.map_err(|source| ClientError::transport("eth_blockNumber", &source))?;
            let mut ranges = vec![(self.deployment.start_block, latest)];
            let mut found = Vec::new();
            while let Some((from, to)) = ranges.pop().filter(|(from, to)| from <= to) {
                match self.provider.get_logs(&filter.clone().from_block(from).to_block(to)).await {
                    Ok(logs) => found.extend(logs),
                    Err(refused) if refused.is_error_resp() && from < to => {
                        let middle = from + (to - from) / 2;
                        ranges.extend([(middle + 1, to), (from, middle)]);
                    }
                    Err(source) => return Err(ClientError::transport("eth_getLogs", &source)),
                }
            }
            Ok(found)
        })
    }
}

fn decode<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log(&log.inner).ok().map(|log| log.data)
}
