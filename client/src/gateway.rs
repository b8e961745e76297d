//! Gateways, which front the nodes of others.

use alloy::{primitives::Address, rpc::types::Filter};
use spheron_bindings::node_registry::{INodeRegistry::Gateway, NodeRegistry};

use crate::{Client, ClientError};

impl Client {
    /// Registers the caller as a gateway with a bond in `bond_token`.
    pub async fn register_gateway(&self, bond_token: Address, uri: &str) -> Result<(), ClientError> {
        let call = NodeRegistry::registerGatewayCall { bondToken: bond_token, uri: uri.to_owned() };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// Lets the nodes of a provider join the calling gateway, or no longer.
    pub async fn set_admitted(&self, provider: Address, admitted: bool) -> Result<(), ClientError> {
        let call = NodeRegistry::setAdmittedCall { provider, admitted };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// Stops fronting a node, as its gateway.
    pub async fn dismiss_node(&self, node: Address) -> Result<(), ClientError> {
        self.send(self.contracts().node_registry, &NodeRegistry::dismissNodeCall { node }).await.map(drop)
    }

    /// A gateway.
    pub async fn gateway(&self, gateway: Address) -> Result<Gateway, ClientError> {
        self.view(self.contracts().node_registry, &NodeRegistry::gatewayOfCall { gateway }).await
    }

    /// The gateway that fronts a node, `None` if none does.
    pub async fn gateway_of_node(&self, node: Address) -> Result<Option<Address>, ClientError> {
        let gateway = self.view(self.contracts().node_registry, &NodeRegistry::gatewayOfNodeCall { node }).await?;
        Ok((!gateway.is_zero()).then_some(gateway))
    }

    /// The providers whose nodes may join a gateway, oldest first.
    pub async fn admitted_by(&self, gateway: Address) -> Result<Vec<Address>, ClientError> {
        let filter = Filter::new().topic1(gateway.into_word());
        let events = self.events::<NodeRegistry::ProviderAdmitted>(self.contracts().node_registry, filter).await?;
        let mut admitted = Vec::new();
        for event in events {
            admitted.retain(|provider| *provider != event.provider);
            if event.admitted {
                admitted.push(event.provider);
            }
        }
        Ok(admitted)
    }
}
