//! What the contracts' enumerations number, in their order.

/// An enumeration of a contract, with a name for each of its members.
macro_rules! enumeration {
    ($(#[$about:meta])* $name:ident { $($(#[$about_member:meta])* $member:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$about_member])* $member,)*
        }

        impl $name {
            /// The member with this number, `None` if this version knows none.
            pub fn from_number(number: u8) -> Option<Self> {
                [$(Self::$member,)*].get(usize::from(number)).copied()
            }

            /// For people.
            pub fn name(self) -> &'static str {
                match self { $(Self::$member => $text,)* }
            }

            /// The name of the member with this number.
            pub fn name_of(number: u8) -> &'static str {
                Self::from_number(number).map_or("unknown", Self::name)
            }
        }
    };
}

enumeration! {
    /// Whose machine a node is, as in `INodeRegistry.Kind`.
    NodeKind {
        /// A data centre's.
        Provider = "provider",
        /// Somebody's own.
        Fizz = "fizz",
    }
}

enumeration! {
    /// Where a node stands, as in `INodeRegistry.Status`.
    NodeStatus {
        /// It was never registered.
        None = "none",
        /// It can be leased.
        Active = "active",
        /// Its provider has taken it out, until it puts it back.
        Maintenance = "maintenance",
        /// It was suspended, or its provider was, or has too small a bond, or has handed over without it.
        Suspended = "suspended",
        /// It is gone, unless it registers anew.
        Retired = "retired",
        /// No node, but a key that a node has or had.
        Operator = "operator",
    }
}

enumeration! {
    /// Where a lease stands, as in `ILeaseBook.Status`.
    LeaseStatus {
        /// There is none.
        None = "none",
        /// It runs.
        Open = "open",
        /// It runs until a notice ends.
        Ending = "ending",
        /// It runs no longer, but not every second is decided.
        Ended = "ended",
        /// All is paid and refunded.
        Closed = "closed",
    }
}

enumeration! {
    /// Where a dispute stands, as in `IDisputes.Status`.
    DisputeStatus {
        /// There is none.
        None = "none",
        /// It waits for an answer or a ruling.
        Open = "open",
        /// The arbiter found for the opener.
        Accepted = "accepted",
        /// The arbiter found for the accused.
        Rejected = "rejected",
        /// It ended for nobody.
        Drawn = "drawn",
    }
}

enumeration! {
    /// Where an epoch stands, as in `IDistributor.Status`.
    EpochStatus {
        /// Nobody has funded it.
        None = "none",
        /// It has money, but no root.
        Funded = "funded",
        /// It has a root; it is active once its delay is over.
        Posted = "posted",
        /// An arbiter has to decide about its root.
        Challenged = "challenged",
        /// It is paid.
        Active = "active",
        /// Its root was found wrong.
        Disabled = "disabled",
        /// It is over, and the rest went back.
        Swept = "swept",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_the_numbers_of_the_contracts() {
        let numbers = [NodeStatus::Active as u8, LeaseStatus::Closed as u8, DisputeStatus::Drawn as u8];
        assert_eq!(numbers, [1, 4, 4]);
        for number in 0..=6 {
            assert_eq!(EpochStatus::from_number(number).map(|status| status as u8), Some(number));
        }
        assert_eq!((EpochStatus::from_number(7), EpochStatus::name_of(7)), (None, "unknown"));
        assert_eq!((NodeKind::name_of(1), NodeStatus::name_of(5)), ("fizz", "operator"));
    }
}
