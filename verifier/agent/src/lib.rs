//! The provider's agent: answers verifiers' challenges over HTTP.
