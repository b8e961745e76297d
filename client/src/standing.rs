//! Standing orders: leases that anyone tops up for their renter.

use std::collections::HashSet;

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
};
use spheron_bindings::{
    lease_book::ILeaseBook::Terms,
    standing_top_ups::{
        IStandingTopUps::{Order, State},
        StandingTopUps,
    },
};

use crate::{Client, ClientError, event_of, same::same};

/// An order as it was authorised.
#[derive(Debug, Clone)]
pub struct StandingOrder {
    /// EIP-712 digest of the order.
    pub id: B256,
    /// What the renter authorised.
    pub order: Order,
}

/// What one use of an order did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderUse {
    /// Seconds that the lease got.
    pub seconds: u64,
    /// Wei that they cost.
    pub amount: U256,
    /// Wei for whoever topped up, in its Ledger balance.
    pub tip: U256,
}

impl Client {
    /// Authorises an order of the caller.
    pub async fn authorize_order(&self, order: Order) -> Result<StandingOrder, ClientError> {
        let contract = self.contracts().standing_top_ups;
        let receipt = self.send(contract, &StandingTopUps::authorizeCall { order }).await?;
        let event = event_of::<StandingTopUps::OrderAuthorized>(&receipt, contract)?;
        Ok(StandingOrder { id: event.orderId, order: event.order })
    }

    /// Revokes an order of the caller, at once and for good.
    pub async fn revoke_order(&self, order: Order) -> Result<(), ClientError> {
        self.send(self.contracts().standing_top_ups, &StandingTopUps::revokeCall { order }).await.map(drop)
    }

    /// Orders that were authorised and not revoked, oldest first: of one renter, or of all.
    pub async fn standing_orders(&self, renter: Option<Address>) -> Result<Vec<StandingOrder>, ClientError> {
        let contract = self.contracts().standing_top_ups;
        let filter = match renter {
            Some(renter) => Filter::new().topic2(renter.into_word()),
            None => Filter::new(),
        };
        let revoked = self.events::<StandingTopUps::OrderRevoked>(contract, filter.clone()).await?;
        let revoked: HashSet<B256> = revoked.into_iter().map(|event| event.orderId).collect();
        let authorized = self.events::<StandingTopUps::OrderAuthorized>(contract, filter).await?;
        let orders = authorized.into_iter().map(|event| StandingOrder { id: event.orderId, order: event.order });
        Ok(orders.filter(|order| !revoked.contains(&order.id)).collect())
    }

    /// What became of an order.
    pub async fn order_state(&self, id: B256) -> Result<State, ClientError> {
        self.view(self.contracts().standing_top_ups, &StandingTopUps::stateOfCall { orderId: id }).await
    }

    /// Tops a lease up on its renter's order, if its runway is low. Anyone may.
    pub async fn use_order(&self, order: &Order, terms: &Terms) -> Result<OrderUse, ClientError> {
        let contract = self.contracts().standing_top_ups;
        let call = StandingTopUps::topUpCall { order: order.clone(), terms: same(terms) };
        let receipt = self.send(contract, &call).await?;
        let event = event_of::<StandingTopUps::OrderUsed>(&receipt, contract)?;
        Ok(OrderUse { seconds: event.extraSeconds.saturating_to(), amount: event.amount, tip: event.tip })
    }
}
