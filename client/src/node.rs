//! Providers, their bonds and their nodes.

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    rpc::types::Filter,
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol_types::{SolError as _, SolStruct, SolValue as _},
};
use spheron_bindings::{
    attestation_policy::AttestationPolicy,
    bonds::{Bonds, IBonds::Bond},
    domain,
    node_registry::{
        INodeRegistry::{Claim, Node, NodeConsent, OperatorConsent, Provider},
        NodeRegistry,
    },
    revert,
    verifier_set::VerifierSet,
};

use crate::{Client, ClientError};

/// What a bond is for, as in `IBonds.Role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum BondRole {
    /// Serves nodes.
    Provider = 0,
    /// Fronts Fizz nodes.
    Gateway = 1,
    /// Measures nodes.
    Verifier = 2,
}

impl BondRole {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Provider, Self::Gateway, Self::Verifier];
}

/// Whether what thaws may leave, as the contract says with the outages and holds until now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawal {
    /// It may.
    Possible,
    /// It may from then on (unix seconds), or later after an outage or a hold to come.
    From(u64),
    /// The token, or something else, refuses it.
    Refused(String),
}

impl Withdrawal {
    /// Out of what a withdrawal is refused with, where `leaves_at` reads the time out of the contract's own error.
    pub(crate) fn from_refusal(refusal: Option<Bytes>, leaves_at: impl Fn(&[u8]) -> Option<U256>) -> Self {
        let Some(data) = refusal else { return Self::Possible };
        leaves_at(&data).map_or_else(|| Self::Refused(revert::describe(&data)), |at| Self::From(at.saturating_to()))
    }
}

impl Client {
    /// Approves and bonds `amount` wei for the caller.
    pub async fn bond(&self, role: BondRole, token: Address, amount: U256) -> Result<(), ClientError> {
        let (bonds, owner) = (self.contracts().bonds, self.address()?);
        self.approve(token, bonds, amount).await?;
        self.send(bonds, &Bonds::bondCall { role: role as u8, owner, token, amount }).await.map(drop)
    }

    /// Starts to thaw `amount` wei of the caller's bond.
    pub async fn thaw(&self, role: BondRole, token: Address, amount: U256) -> Result<(), ClientError> {
        self.send(self.contracts().bonds, &Bonds::thawCall { role: role as u8, token, amount }).await.map(drop)
    }

    /// Takes the whole thawing bucket of the caller back into its bond.
    pub async fn cancel_thaw(&self, role: BondRole, token: Address) -> Result<(), ClientError> {
        self.send(self.contracts().bonds, &Bonds::cancelThawCall { role: role as u8, token }).await.map(drop)
    }

    /// Withdraws the caller's thawed bond to `to`.
    pub async fn withdraw_bond(&self, role: BondRole, token: Address, to: Address) -> Result<(), ClientError> {
        self.send(self.contracts().bonds, &Bonds::withdrawCall { role: role as u8, token, to }).await.map(drop)
    }

    /// Whether the thawed bond of `owner` may leave now.
    pub async fn bond_withdrawal(
        &self,
        role: BondRole,
        owner: Address,
        token: Address,
    ) -> Result<Withdrawal, ClientError> {
        let call = Bonds::withdrawCall { role: role as u8, token, to: owner };
        let refusal = self.refusal(owner, self.contracts().bonds, &call).await?;
        let leaves_at = |data: &[u8]| Bonds::Bonds_NotThawed::abi_decode(data).ok().map(|refused| refused.leavesAt);
        Ok(Withdrawal::from_refusal(refusal, leaves_at))
    }

    /// The token of the bond that counts for an account: the one that it registered with or changed to as a provider or
    /// gateway, or joined with last as a verifier. `None` if it is none of those.
    pub async fn bond_token_of(&self, role: BondRole, account: Address) -> Result<Option<Address>, ClientError> {
        let (registry, account) = (self.contracts().node_registry, account.into_word());
        let (first, second) = (Filter::new().topic1(account), Filter::new().topic2(account));
        if role == BondRole::Verifier {
            let joined = self.events::<VerifierSet::VerifierJoined>(self.contracts().verifier_set, first).await?;
            return Ok(joined.last().map(|event| event.bondToken));
        }
        let of_role = second.clone().topic1(B256::from(U256::from(role as u8)));
        let changed = self.events::<NodeRegistry::BondTokenChanged>(registry, of_role).await?;
        if let Some(event) = changed.last() {
            return Ok(Some(event.bondToken));
        }
        if role == BondRole::Gateway {
            let registered = self.events::<NodeRegistry::GatewayRegistered>(registry, first).await?;
            return Ok(registered.last().map(|event| event.bondToken));
        }
        // An account becomes a provider once: it registers, or takes one over.
        let registered = self.events::<NodeRegistry::ProviderRegistered>(registry, first).await?;
        if let Some(event) = registered.last() {
            return Ok(Some(event.bondToken));
        }
        let taken_over = self.events::<NodeRegistry::OwnerChanged>(registry, second).await?;
        Ok(taken_over.last().map(|event| event.bondToken))
    }

    /// A bond.
    pub async fn bond_of(&self, role: BondRole, owner: Address, token: Address) -> Result<Bond, ClientError> {
        self.view(self.contracts().bonds, &Bonds::bondOfCall { role: role as u8, owner, token }).await
    }

    /// From how many wei on a bond counts; 0 if the token may not be bonded.
    pub async fn minimum_bond(&self, role: BondRole, token: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().bonds, &Bonds::minimumOfCall { role: role as u8, token }).await
    }

    /// Whether a bond counts.
    pub async fn is_bonded(&self, role: BondRole, owner: Address, token: Address) -> Result<bool, ClientError> {
        self.view(self.contracts().bonds, &Bonds::isBondedCall { role: role as u8, owner, token }).await
    }

    /// Registers the caller as a provider with a bond in `bond_token`.
    pub async fn register_provider(
        &self,
        reward_wallet: Address,
        bond_token: Address,
        uri: &str,
    ) -> Result<(), ClientError> {
        let call = NodeRegistry::registerProviderCall {
            rewardWallet: reward_wallet,
            bondToken: bond_token,
            uri: uri.to_owned(),
        };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// Registers the node of `key` under the caller; `key` signs its consent, valid until `deadline` (unix seconds).
    pub async fn register_node(&self, key: &PrivateKeySigner, claim: Claim, deadline: u64) -> Result<(), ClientError> {
        let node = key.address();
        let consent = self.sign_consent(node, key, &claim, deadline).await?;
        let call = NodeRegistry::registerNodeCall { node, claim, deadline, consent };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// Replaces the claim of a node of the caller; `key`, its operator's, signs its consent.
    pub async fn change_claim(
        &self,
        node: Address,
        key: &PrivateKeySigner,
        claim: Claim,
        deadline: u64,
    ) -> Result<(), ClientError> {
        let consent = self.sign_consent(node, key, &claim, deadline).await?;
        let call = NodeRegistry::changeClaimCall { node, claim, deadline, consent };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// Puts another key in the place of the operator's of a node of the caller; `operator`, the new one, signs its
    /// consent.
    pub async fn change_operator(
        &self,
        node: Address,
        operator: &PrivateKeySigner,
        deadline: u64,
    ) -> Result<(), ClientError> {
        let (provider, nonce) = (self.address()?, self.consent_nonce(node).await?);
        let consent = OperatorConsent { node, operator: operator.address(), provider, nonce, deadline };
        let consent = self.signed(operator, &consent)?;
        let call = NodeRegistry::changeOperatorCall { node, operator: operator.address(), deadline, consent };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// The consent of a node, by `key`, to belong to the caller with a claim.
    async fn sign_consent(
        &self,
        node: Address,
        key: &PrivateKeySigner,
        claim: &Claim,
        deadline: u64,
    ) -> Result<Bytes, ClientError> {
        let (provider, nonce) = (self.address()?, self.consent_nonce(node).await?);
        let claim_hash = keccak256(claim.abi_encode());
        self.signed(key, &NodeConsent { node, provider, claimHash: claim_hash, nonce, deadline })
    }

    async fn consent_nonce(&self, node: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().node_registry, &NodeRegistry::consentNonceCall { node }).await
    }

    fn signed<S: SolStruct>(&self, key: &PrivateKeySigner, consent: &S) -> Result<Bytes, ClientError> {
        let domain = domain::node_registry(self.chain_id(), self.contracts().node_registry);
        Ok(Bytes::from(key.sign_hash_sync(&consent.eip712_signing_hash(&domain))?.as_bytes()))
    }

    /// Moves a node of the caller to another status, by its number (see [`crate::numbering::NodeStatus`]).
    pub async fn set_node_status(&self, node: Address, status: u8) -> Result<(), ClientError> {
        self.send(self.contracts().node_registry, &NodeRegistry::setStatusCall { node, status }).await.map(drop)
    }

    /// The node that `key` signs for, or signed for last, under another name than its own.
    pub async fn node_of_operator(&self, key: Address) -> Result<Option<Address>, ClientError> {
        let filter = Filter::new().topic2(key.into_word());
        let changed = self.events::<NodeRegistry::OperatorChanged>(self.contracts().node_registry, filter).await?;
        Ok(changed.last().map(|event| event.node))
    }

    /// What a node claimed when it registered or changed its claim last, `None` if it is not registered.
    pub async fn claim_of(&self, node: Address) -> Result<Option<Claim>, ClientError> {
        let (registry, filter) = (self.contracts().node_registry, Filter::new().topic1(node.into_word()));
        // A retired node may register anew, so that either may be the last.
        let registered = |event: NodeRegistry::NodeRegistered| event.claim;
        let changed = |event: NodeRegistry::NodeClaimChanged| event.claim;
        self.latest_of(registry, filter, registered, changed).await
    }

    /// The nodes of `provider`, whatever their status: those that registered under it, then those that it adopted.
    pub async fn nodes_of(&self, provider: Address) -> Result<Vec<Address>, ClientError> {
        let (registry, filter) = (self.contracts().node_registry, Filter::new().topic2(provider.into_word()));
        let registered = self.events::<NodeRegistry::NodeRegistered>(registry, filter.clone()).await?;
        let adopted = self.events::<NodeRegistry::NodeAdopted>(registry, filter).await?;
        let joined = registered.into_iter().map(|event| event.node).chain(adopted.into_iter().map(|event| event.node));
        let mut nodes = Vec::new();
        for node in joined {
            // It may have come more than once, or gone to another provider.
            if !nodes.contains(&node) && self.node(node).await?.provider == provider {
                nodes.push(node);
            }
        }
        Ok(nodes)
    }

    /// Up to which time a node is attested, and up to which time that is decided (unix seconds); 0 if it never was.
    pub async fn attested_until(&self, node: Address) -> Result<(u64, u64), ClientError> {
        let policy = self.contracts().attestation_policy;
        let decided = self.view(policy, &AttestationPolicy::decidedUntilCall { node }).await?.saturating_to();
        let count = self.view(policy, &AttestationPolicy::windowCountCall { node }).await?;
        let Some(index) = count.checked_sub(U256::ONE) else { return Ok((0, decided)) };
        let window = self.view(policy, &AttestationPolicy::windowAtCall { node, index }).await?;
        Ok((window.end.to(), decided))
    }

    /// The latest verdict on a node: when it was measured (unix seconds, 0 if never) and the units that it attests.
    pub async fn standing(&self, node: Address) -> Result<(u64, u32), ClientError> {
        let call = AttestationPolicy::standingOfCall { node };
        let standing = self.view(self.contracts().attestation_policy, &call).await?;
        Ok((standing.measuredAt.to(), standing.units))
    }

    /// A node.
    pub async fn node(&self, node: Address) -> Result<Node, ClientError> {
        self.view(self.contracts().node_registry, &NodeRegistry::nodeOfCall { node }).await
    }

    /// A provider.
    pub async fn provider_of(&self, provider: Address) -> Result<Provider, ClientError> {
        self.view(self.contracts().node_registry, &NodeRegistry::providerOfCall { provider }).await
    }
}
