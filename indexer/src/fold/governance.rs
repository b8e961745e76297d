//! OutageClock and PauseSwitch.

use spheron_bindings::{outage_clock::OutageClock::OutageClockEvents, pause_switch::PauseSwitch::PauseSwitchEvents};

use super::{Outage, PauseBit, State, small};

pub(super) fn apply_clock(state: &mut State, event: &OutageClockEvents) {
    match event {
        OutageClockEvents::OutageRecorded(e) => {
            *state.outages.entry((small(e.index),)) = Outage { start: small(e.start), end: small(e.end) };
        }
        OutageClockEvents::FeedSet(e) => state.set("OutageClock", "feed", e.feed),
        OutageClockEvents::RoundsRead(e) => state.set("OutageClock", "downSince", e.downSince),
        OutageClockEvents::AuthorityUpdated(e) => state.set("OutageClock", "authority", e.authority),
    }
}

pub(super) fn apply_switch(state: &mut State, event: &PauseSwitchEvents) {
    match event {
        PauseSwitchEvents::TargetSet(e) => {
            *state.pause_bits.entry((small(e.bit),)) = PauseBit { target: e.target, paused: false };
        }
        PauseSwitchEvents::Paused(e) => state.pause_bits.entry((small(e.bit),)).paused = true,
        PauseSwitchEvents::Unpaused(e) => state.pause_bits.entry((small(e.bit),)).paused = false,
        PauseSwitchEvents::AuthorityUpdated(e) => state.set("PauseSwitch", "authority", e.authority),
    }
}
