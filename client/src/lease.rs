//! Offers and leases.

use std::collections::HashSet;

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    rpc::types::{Filter, TransactionReceipt},
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol_types::SolStruct as _,
};
use spheron_bindings::{
    attestation_policy::AttestationPolicy,
    domain,
    lease_book::{
        ILeaseBook::{Lease, Offer, Request, Terms},
        LeaseBook,
    },
    offer_board::OfferBoard,
};

use crate::{Client, ClientError, event_of, same::same, token::Purpose};

/// An offer with its signature, as it is handed to renters.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOffer {
    /// What is offered.
    pub offer: Offer,
    /// By the node's key or its owner.
    pub signature: Bytes,
}

/// A lease as it was opened.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct OpenedLease {
    /// Hash of the terms.
    pub lease_id: B256,
    /// The terms, which every later call needs.
    pub terms: Terms,
    /// Wei in escrow, grace reserve included.
    pub funded: U256,
}

/// How a lease is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// From the renter's Ledger balance.
    Balance,
    /// Tokens pulled by the Ledger, which this approves first.
    Transfer,
    /// Tokens brought by an ERC-3009 signature that is valid until this time (unix seconds): one transaction.
    Authorization {
        /// Unix seconds.
        valid_before: u64,
    },
}

impl Client {
    /// Signs an offer with the node's (or its owner's) key.
    ///
    /// # Errors
    ///
    /// If the key cannot sign.
    pub fn sign_offer(&self, offer: Offer, key: &PrivateKeySigner) -> Result<SignedOffer, ClientError> {
        let signature = key.sign_hash_sync(&self.hash_offer(&offer))?;
        Ok(SignedOffer { offer, signature: Bytes::from(signature.as_bytes()) })
    }

    /// The EIP-712 digest of an offer.
    pub fn hash_offer(&self, offer: &Offer) -> B256 {
        offer.eip712_signing_hash(&domain::lease_book(self.chain_id(), self.contracts().lease_book))
    }

    /// Posts a signed offer as an event.
    pub async fn post_offer(&self, signed: &SignedOffer) -> Result<(), ClientError> {
        let offer = same(&signed.offer);
        let call = OfferBoard::postOfferCall { offer, signature: signed.signature.clone() };
        self.send(self.contracts().offer_board, &call).await.map(drop)
    }

    /// Burns an offer's nonce.
    pub async fn cancel_offer(&self, node: Address, nonce: U256) -> Result<(), ClientError> {
        self.send(self.contracts().lease_book, &LeaseBook::cancelOfferCall { node, nonce }).await.map(drop)
    }

    /// Wei that a lease on `offer` needs for `seconds`, grace reserve included.
    pub async fn quote(&self, offer: &Offer, seconds: u32) -> Result<U256, ClientError> {
        let call = LeaseBook::quoteCall { offer: offer.clone(), fundedSeconds: U256::from(seconds) };
        self.view(self.contracts().lease_book, &call).await
    }

    /// Opens a lease for the caller, funded for `seconds`. `salt` tells leases on the same offer apart.
    pub async fn open_lease(
        &self,
        signed: &SignedOffer,
        seconds: u32,
        salt: B256,
        payment: Payment,
    ) -> Result<OpenedLease, ClientError> {
        let book = self.contracts().lease_book;
        let request = Request { renter: self.address()?, fundedSeconds: seconds, salt };
        let (offer, signature) = (signed.offer.clone(), signed.signature.clone());
        let receipt = match payment {
            Payment::Balance => self.send(book, &LeaseBook::openCall { offer, signature, request }).await?,
            Payment::Transfer => {
                let amount = self.quote(&offer, seconds).await?;
                self.approve(offer.token, self.contracts().ledger, amount).await?;
                self.send(book, &LeaseBook::openWithTransferCall { offer, signature, request }).await?
            }
            Payment::Authorization { valid_before } => {
                let amount = self.quote(&offer, seconds).await?;
                let offer_hash = self.hash_offer(&offer);
                let action = LeaseBook::openActionCall { offerHash: offer_hash, request: request.clone() };
                let action = self.view(book, &action).await?;
                let purpose = Purpose::Action { module: book, action };
                let authorization = self.sign_authorization(offer.token, amount, valid_before, salt, purpose).await?;
                let authorization = same(&authorization);
                let call = LeaseBook::openWithAuthorizationCall { offer, signature, request, authorization };
                self.send(book, &call).await?
            }
        };
        opened(&receipt, book)
    }

    /// Adds seconds out of the caller's Ledger balance; returns wei paid.
    pub async fn top_up(&self, terms: &Terms, seconds: u64) -> Result<U256, ClientError> {
        let book = self.contracts().lease_book;
        let call = LeaseBook::topUpCall { terms: terms.clone(), extraSeconds: U256::from(seconds) };
        let receipt = self.send(book, &call).await?;
        Ok(event_of::<LeaseBook::LeaseToppedUp>(&receipt, book)?.amount)
    }

    /// Pays and refunds all that is decided. Anyone may.
    pub async fn settle(&self, terms: &Terms) -> Result<(), ClientError> {
        self.send(self.contracts().lease_book, &LeaseBook::settleCall { terms: terms.clone() }).await.map(drop)
    }

    /// Settles many leases in one transaction.
    pub async fn settle_many(&self, terms: Vec<Terms>) -> Result<(), ClientError> {
        self.send(self.contracts().lease_book, &LeaseBook::settleManyCall { terms }).await.map(drop)
    }

    /// Ends a lease.
    pub async fn close_lease(&self, terms: &Terms) -> Result<(), ClientError> {
        self.send(self.contracts().lease_book, &LeaseBook::closeCall { terms: terms.clone() }).await.map(drop)
    }

    /// The provider ends a lease with notice.
    pub async fn reclaim_lease(&self, terms: &Terms) -> Result<(), ClientError> {
        self.send(self.contracts().lease_book, &LeaseBook::reclaimCall { terms: terms.clone() }).await.map(drop)
    }

    /// State of a lease.
    pub async fn lease(&self, lease_id: B256) -> Result<Lease, ClientError> {
        self.view(self.contracts().lease_book, &LeaseBook::leaseOfCall { leaseId: lease_id }).await
    }

    /// Wei in escrow: not yet paid, not yet refunded.
    pub async fn lease_escrow(&self, terms: &Terms) -> Result<U256, ClientError> {
        self.view(self.contracts().lease_book, &LeaseBook::escrowOfCall { terms: terms.clone() }).await
    }

    /// The lease as it was opened, `None` if no lease has this id.
    pub async fn opened_lease(&self, lease_id: B256) -> Result<Option<OpenedLease>, ClientError> {
        Ok(self.leases_by(|filter| filter.topic1(lease_id)).await?.pop())
    }

    /// Leases that `renter` opened, oldest first.
    pub async fn leases_of_renter(&self, renter: Address) -> Result<Vec<OpenedLease>, ClientError> {
        self.leases_by(|filter| filter.topic2(renter.into_word())).await
    }

    /// Leases on `node`, oldest first.
    pub async fn leases_on_node(&self, node: Address) -> Result<Vec<OpenedLease>, ClientError> {
        self.leases_by(|filter| filter.topic3(node.into_word())).await
    }

    /// Every lease, oldest first.
    pub async fn all_leases(&self) -> Result<Vec<OpenedLease>, ClientError> {
        self.leases_by(|filter| filter).await
    }

    /// Offers on the board, each once, oldest first: of one node, or of all.
    pub async fn posted_offers(&self, node: Option<Address>) -> Result<Vec<SignedOffer>, ClientError> {
        let filter = match node {
            Some(node) => Filter::new().topic1(node.into_word()),
            None => Filter::new(),
        };
        let events = self.events::<OfferBoard::OfferPosted>(self.contracts().offer_board, filter).await?;
        let signed =
            |event: OfferBoard::OfferPosted| SignedOffer { offer: same(&event.offer), signature: event.signature };
        let mut seen = HashSet::new();
        let new = |signed: &SignedOffer| seen.insert(self.hash_offer(&signed.offer));
        Ok(events.into_iter().map(signed).filter(new).collect())
    }

    /// The lowest nonce that an offer of `node` can have: neither used nor cancelled, nor that of an offer on the board.
    pub async fn free_nonce(&self, node: Address) -> Result<U256, ClientError> {
        let floor = self.view(self.contracts().lease_book, &LeaseBook::nonceFloorCall { node }).await?;
        let posted = self.posted_offers(Some(node)).await?;
        let mut taken: Vec<U256> = posted.into_iter().map(|signed| signed.offer.nonce).collect();
        taken.sort_unstable();
        let mut nonce = floor;
        loop {
            if taken.binary_search(&nonce).is_err() && !self.is_offer_used(node, nonce).await? {
                return Ok(nonce);
            }
            nonce += U256::ONE;
        }
    }

    /// Whether an offer's nonce was used or cancelled.
    pub async fn is_offer_used(&self, node: Address, nonce: U256) -> Result<bool, ClientError> {
        self.view(self.contracts().lease_book, &LeaseBook::isNonceUsedCall { node, nonce }).await
    }

    /// Units of a node that could be leased now under `policy`.
    pub async fn free_units(&self, node: Address, policy: Address) -> Result<U256, ClientError> {
        let attested = self.view(policy, &AttestationPolicy::capacityOfCall { node }).await?;
        let capacity = attested.min(U256::from(self.node(node).await?.units));
        Ok(capacity.saturating_sub(self.leased_units(node).await?))
    }

    /// Units of a node that are leased now.
    pub async fn leased_units(&self, node: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().lease_book, &LeaseBook::leasedUnitsCall { node }).await
    }

    async fn leases_by(&self, narrow: impl FnOnce(Filter) -> Filter) -> Result<Vec<OpenedLease>, ClientError> {
        let events = self.events::<LeaseBook::LeaseOpened>(self.contracts().lease_book, narrow(Filter::new())).await?;
        Ok(events.into_iter().map(OpenedLease::from).collect())
    }

    /// Seconds that are funded at the full rate, and seconds until the lease ends.
    pub async fn runway(&self, terms: &Terms) -> Result<(U256, U256), ClientError> {
        let call = LeaseBook::runwayOfCall { terms: terms.clone() };
        let runway = self.view(self.contracts().lease_book, &call).await?;
        Ok((runway.funded, runway.untilEnd))
    }
}

fn opened(receipt: &TransactionReceipt, book: Address) -> Result<OpenedLease, ClientError> {
    event_of::<LeaseBook::LeaseOpened>(receipt, book).map(OpenedLease::from)
}

impl From<LeaseBook::LeaseOpened> for OpenedLease {
    fn from(event: LeaseBook::LeaseOpened) -> Self {
        Self { lease_id: event.leaseId, terms: event.terms, funded: event.funded }
    }
}
