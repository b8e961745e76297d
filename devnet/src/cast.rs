//! Who takes part in the economy.

use alloy::{primitives::Address, signers::local::PrivateKeySigner};

use crate::keys::key;

/// Somebody with a key, the same on both chains.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Name for people.
    pub name: &'static str,
    /// The key.
    pub key: PrivateKeySigner,
}

impl Actor {
    fn new(name: &'static str, index: u32) -> Self {
        Self { name, key: key(index) }
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.key.address()
    }
}

/// How a node's machine behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// It delivers what it claims.
    Honest,
    /// It delivers far less than the class it claims.
    Overclaiming,
    /// It computes wrongly.
    Miscomputing,
}

/// A node with its operator key.
#[derive(Debug, Clone)]
pub struct NodeActor {
    /// Name and operator key.
    pub actor: Actor,
    /// Resource id that it claims.
    pub resource: u16,
    /// Whether it is somebody's own machine rather than a data centre's.
    pub fizz: bool,
    /// How it behaves.
    pub machine: Machine,
}

/// A provider with its nodes.
#[derive(Debug, Clone)]
pub struct ProviderActor {
    /// The account that bonds and is paid.
    pub actor: Actor,
    /// Its nodes.
    pub nodes: Vec<NodeActor>,
}

/// Everybody.
#[derive(Debug, Clone)]
pub struct Cast {
    /// Deploys, holds the roles, collects the fees, funds the rewards.
    pub foundation: Actor,
    /// Measure.
    pub verifiers: [Actor; 3],
    /// Serve.
    pub providers: Vec<ProviderActor>,
    /// Rents by one signature, and tops up.
    pub ada: Actor,
    /// Runs dry and ends in grace.
    pub bo: Actor,
    /// Closes early.
    pub cleo: Actor,
    /// Rents from the node that claims too much.
    pub dan: Actor,
    /// Rents from the node that computes wrongly.
    pub eve: Actor,
    /// Stakes SPON.
    pub hana: Actor,
    /// Sends what anybody may send: settlements, payouts, others' signed deposits.
    pub keeper: Actor,
}

/// RTX 4090 in the resource catalogue.
pub const RTX_4090: u16 = 36;
/// H100 in the resource catalogue.
pub const H100: u16 = 51;

impl Default for Cast {
    fn default() -> Self {
        let node = |name, index, resource, fizz, machine| NodeActor {
            actor: Actor::new(name, index),
            resource,
            fizz,
            machine,
        };
        let provider = |name, index, nodes| ProviderActor { actor: Actor::new(name, index), nodes };
        Self {
            foundation: Actor::new("Foundation", 0),
            verifiers: [Actor::new("Verifier 1", 1), Actor::new("Verifier 2", 2), Actor::new("Verifier 3", 3)],
            providers: vec![
                provider(
                    "Atlas",
                    4,
                    vec![
                        node("atlas-1", 20, RTX_4090, false, Machine::Honest),
                        node("atlas-2", 21, RTX_4090, false, Machine::Honest),
                    ],
                ),
                provider("Nova", 5, vec![node("nova", 22, RTX_4090, true, Machine::Honest)]),
                provider("Mirage", 6, vec![node("mirage", 23, H100, false, Machine::Overclaiming)]),
                provider("Glitch", 7, vec![node("glitch", 24, RTX_4090, false, Machine::Miscomputing)]),
            ],
            ada: Actor::new("Ada", 8),
            bo: Actor::new("Bo", 9),
            cleo: Actor::new("Cleo", 10),
            dan: Actor::new("Dan", 11),
            eve: Actor::new("Eve", 12),
            hana: Actor::new("Hana", 13),
            keeper: Actor::new("Keeper", 14),
        }
    }
}

impl Cast {
    /// The renters.
    pub fn renters(&self) -> [&Actor; 5] {
        [&self.ada, &self.bo, &self.cleo, &self.dan, &self.eve]
    }

    /// Every node with its provider.
    pub fn nodes(&self) -> impl Iterator<Item = (&ProviderActor, &NodeActor)> {
        self.providers.iter().flat_map(|provider| provider.nodes.iter().map(move |node| (provider, node)))
    }

    /// The node with this name.
    ///
    /// # Panics
    ///
    /// If there is none: the names are those of [`Cast::default`].
    pub fn node(&self, name: &str) -> &NodeActor {
        self.nodes().map(|(_, node)| node).find(|node| node.actor.name == name).expect("a node of the cast")
    }

    /// Everybody who sends transactions.
    pub fn senders(&self) -> Vec<&Actor> {
        let mut senders = vec![&self.foundation, &self.hana, &self.keeper];
        senders.extend(&self.verifiers);
        senders.extend(self.providers.iter().map(|provider| &provider.actor));
        senders.extend(self.renters());
        senders
    }
}
