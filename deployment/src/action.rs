//! One step of a deployment: something to send, and how to see that it is done.

use alloy::{
    primitives::{Address, Bytes},
    sol_types::{SolCall, SolValue},
};

use crate::{CREATE2_DEPLOYER, Step};

/// A transaction of a deployment. It is sent only if its probe says that it is not done yet, so that a deployment which
/// was interrupted goes on where it stopped, and a finished one sends nothing.
#[derive(Debug, Clone)]
pub struct Action {
    /// What it does, for people.
    pub what: String,
    /// Whom it calls.
    pub to: Address,
    /// With which calldata.
    pub data: Bytes,
    /// How to see that it is done.
    pub probe: Probe,
}

/// How to see on the chain that an action is done.
#[derive(Debug, Clone)]
pub enum Probe {
    /// Code stands at this address. Since CREATE2 derives the address from the init code, it is the planned contract's.
    Code(Address),
    /// A view returns these bytes.
    Reads {
        /// The contract.
        from: Address,
        /// The view's calldata.
        data: Bytes,
        /// What it returns once the action is done.
        wanted: Bytes,
    },
    /// What a view returns begins with these bytes.
    Begins {
        /// The contract.
        from: Address,
        /// The view's calldata.
        data: Bytes,
        /// How its answer begins once the action is done.
        wanted: Bytes,
    },
    /// A view returns anything but the number 0.
    NotZero {
        /// The contract.
        from: Address,
        /// The view's calldata.
        data: Bytes,
    },
    /// All of these.
    All(Vec<Probe>),
}

impl Probe {
    /// `view` on `from` returns `wanted`.
    pub(crate) fn reads<V: SolCall, W: SolValue>(from: Address, view: &V, wanted: &W) -> Self {
        Self::Reads { from, data: view.abi_encode().into(), wanted: wanted.abi_encode().into() }
    }
}

impl Action {
    /// Deploys a contract of the plan.
    pub(crate) fn deploying(step: &Step) -> Self {
        Self {
            what: format!("deploy {}", step.name),
            to: CREATE2_DEPLOYER,
            data: step.calldata(),
            probe: Probe::Code(step.address),
        }
    }

    /// Calls `setter`, after which `view` on the same contract returns `wanted`.
    pub(crate) fn setting<V: SolCall, W: SolValue>(
        what: impl Into<String>,
        to: Address,
        setter: &impl SolCall,
        view: &V,
        wanted: &W,
    ) -> Self {
        Self { what: what.into(), to, data: setter.abi_encode().into(), probe: Probe::reads(to, view, wanted) }
    }
}
