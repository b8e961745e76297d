//! The fold: any split of the events gives the same state, and undoing a block gives the state before it.

use proptest::prelude::*;
use spheron_indexer::{
    event::Event,
    fold::{Change, State},
    position::Position,
};
use spheron_indexer_mock::{Emitted, economy::Economy};

fn events(seed: u64, blocks: u64) -> Vec<Vec<(Position, Event)>> {
    let mut economy = Economy::new(seed);
    (1..=blocks)
        .map(|block| {
            let time = 1_700_000_000 + 600 * block;
            let typed = |(index, emitted): (usize, Emitted)| {
                let event = Event::decode(emitted.contract, emitted.data.topics(), &emitted.data.data);
                (Position { id: block << 20 | index as u64, time }, event.unwrap().unwrap())
            };
            economy.block(time, 6).into_iter().enumerate().map(typed).collect()
        })
        .collect()
}

fn apply(state: &mut State, events: &[(Position, Event)]) {
    for (at, event) in events {
        state.apply(*at, event).unwrap();
    }
}

fn undo(state: &mut State, changes: Vec<Change>) {
    for change in changes.into_iter().rev() {
        state.restore(change.table, &change.key, change.before.as_deref()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn undoing_a_block_gives_the_state_before_it(seed: u64, blocks in 1u64..40) {
        let events = events(seed, blocks);
        let mut state = State::default();
        let mut history = Vec::new();
        for block in &events {
            let before = state.clone();
            apply(&mut state, block);
            history.push((before, state.take_changes()));
        }
        for (before, changes) in history.into_iter().rev() {
            undo(&mut state, changes);
            prop_assert!(state == before);
        }
        prop_assert!(state == State::default());
    }

    #[test]
    fn any_split_into_batches_gives_the_same_rows(seed: u64, splits in prop::collection::vec(1usize..30, 1..20)) {
        let events: Vec<_> = events(seed, 20).concat();
        let mut whole = State::default();
        apply(&mut whole, &events);

        // What a database holds: the last row that was written for each key.
        let (mut state, mut loaded) = (State::default(), State::default());
        let (mut rest, mut splits) = (events.as_slice(), splits.iter().cycle());
        while !rest.is_empty() {
            let (batch, after) = rest.split_at((*splits.next().unwrap()).min(rest.len()));
            apply(&mut state, batch);
            for change in state.take_changes() {
                loaded.restore(change.table, &change.key, Some(&change.after)).unwrap();
            }
            rest = after;
        }
        prop_assert!(state == whole);
        prop_assert!(loaded == whole);
    }

    #[test]
    fn an_event_that_does_not_fit_changes_nothing(seed: u64, lost in 0usize..400) {
        let events: Vec<_> = events(seed, 30).concat();
        let lost = lost % events.len();
        let mut state = State::default();
        for (index, (at, event)) in events.iter().enumerate() {
            if index == lost {
                continue;
            }
            state.take_changes();
            let before = state.clone();
            if state.apply(*at, event).is_err() {
                state.abort();
                prop_assert!(state == before);
                return Ok(());
            }
        }
    }
}
