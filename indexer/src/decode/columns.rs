//! From an event's ABI to the columns of its table, and from a log to a row of them.

use alloy::{
    dyn_abi::Specifier as _,
    json_abi::{Event, EventParam, Param},
    primitives::B256,
};

use super::abi::{Type, WrongData};
use crate::{
    cells::Cells,
    table::{Column, EVENT_PREFIX, VIEW_COLUMNS},
    value::Kind,
};

/// How an event's fields become columns: structs are taken apart, lists are JSON.
#[derive(Debug, Clone)]
pub struct EventColumns {
    /// The fields in the ABI's order.
    fields: Vec<Field>,
    columns: Vec<Column>,
}

#[derive(Debug, Clone)]
enum Field {
    /// In a topic, as it is.
    Topic(Type),
    /// In a topic, as its hash.
    Hashed,
    /// In the data, from this byte on.
    Data(usize, Type),
}

impl EventColumns {
    /// The columns of `event`.
    ///
    /// # Errors
    ///
    /// If the ABI names a type that does not exist.
    pub fn new(event: &Event) -> Result<Self, String> {
        let (mut columns, mut fields, mut at) = (Vec::new(), Vec::new(), 0);
        for input in &event.inputs {
            let wrong = |error| format!("event {}, field {:?}: {error}", event.name, input.name);
            let ty = Type::of(&input.resolve().map_err(wrong)?);
            let begins = columns.len();
            describe_input(input, fields.len(), &ty, &mut columns);
            (begins..columns.len()).for_each(|index| tell_apart(&mut columns, index));
            fields.push(match (input.indexed, &ty) {
                (true, Type::Scalar(_)) => Field::Topic(ty),
                (true, _) => Field::Hashed,
                (false, _) => {
                    let begins = at;
                    at += ty.head_len();
                    Field::Data(begins, ty)
                }
            });
        }
        Ok(Self { fields, columns })
    }

    /// The columns, in the order of the fields.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Adds the values that a log is to a row; `topics` begin with the first indexed field.
    ///
    /// # Errors
    ///
    /// What does not fit; the row is then half written.
    pub fn write(&self, topics: &[B256], data: &[u8], row: &mut Cells) -> Result<(), WrongData> {
        let mut topics = topics.iter();
        for field in &self.fields {
            match field {
                Field::Data(at, ty) => ty.write(data, *at, row)?,
                Field::Topic(ty) => ty.write(topics.next().ok_or(WrongData::Topics)?.as_slice(), 0, row)?,
                Field::Hashed => row.blob(topics.next().ok_or(WrongData::Topics)?.as_slice()),
            }
        }
        if topics.next().is_some() { Err(WrongData::Topics) } else { Ok(()) }
    }
}

/// `leaseId` to `lease_id`, `memoryMiB` to `memory_mib`.
pub fn snake_case(name: &str) -> String {
    let mut text = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        let follows_lower = index > 0 && !characters[index - 1].is_uppercase();
        let precedes_lower = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
        // The B of MiB and of MBps.
        let rest = name.get(index..).unwrap_or_default();
        let unit = rest == "B" || (rest == "Bps" && !follows_lower);
        if character.is_uppercase() && index > 0 && (follows_lower || precedes_lower) && !unit {
            text.push('_');
        }
        text.extend(character.to_lowercase());
    }
    text
}

/// Gives a column another name if one before it, or one that every event table has, has its name.
fn tell_apart(columns: &mut [Column], index: usize) {
    let (before, rest) = columns.split_at_mut(index);
    let name = &mut rest[0].name;
    while EVENT_PREFIX.contains(&name.as_str())
        || VIEW_COLUMNS.contains(&name.as_str())
        || before.iter().any(|column| column.name == *name)
    {
        name.push('_');
    }
}

fn describe_input(input: &EventParam, index: usize, ty: &Type, columns: &mut Vec<Column>) {
    let name = if input.name.is_empty() { format!("field_{index}") } else { snake_case(&input.name) };
    // An indexed field that is no value type is its hash.
    if input.indexed && !matches!(ty, Type::Scalar(_)) {
        columns.push(Column { name, kind: Kind::Bytes });
    } else {
        describe(&name, ty, &input.components, columns);
    }
}

fn describe(name: &str, ty: &Type, components: &[Param], columns: &mut Vec<Column>) {
    match ty {
        Type::Tuple(fields) => {
            for (field, component) in fields.iter().zip(components) {
                let inner = format!("{name}_{}", snake_case(&component.name));
                describe(&inner, field, &component.components, columns);
            }
        }
        _ => columns.push(Column { name: name.to_owned(), kind: ty.kind() }),
    }
}

#[cfg(test)]
mod tests {
    use alloy::{
        dyn_abi::DynSolValue,
        primitives::{Address, U256, keccak256},
    };

    use super::*;
    use crate::value::{Field as _, Row, Value};
    #[test]
    fn names_are_snake_case() {
        let cases = [
            ("leaseId", "lease_id"),
            ("VerdictAccepted", "verdict_accepted"),
            ("memoryMiB", "memory_mib"),
            ("memMBps", "mem_mbps"),
            ("EIP712DomainChanged", "eip712_domain_changed"),
            ("s0", "s0"),
            ("feeBps", "fee_bps"),
            ("gpuIndex", "gpu_index"),
        ];
        for (name, expected) in cases {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn fields_keep_the_abi_order_and_their_kinds() {
        let event = Event::parse(
            "event E(address indexed a, uint256 b, uint40 indexed c, (bool, uint16[]) t, string s, string indexed h)",
        );
        let mut event = event.unwrap();
        event.inputs[3].components[0].name = "x".into();
        event.inputs[3].components[1].name = "y".into();
        let columns = EventColumns::new(&event).unwrap();
        let found: Vec<_> = columns.columns().iter().map(|column| (column.name.as_str(), column.kind)).collect();
        let expected = [
            ("a", Kind::Bytes),
            ("b", Kind::Number),
            ("c", Kind::Integer),
            ("t_x", Kind::Flag),
            ("t_y", Kind::Json),
            ("s", Kind::Text),
            ("h", Kind::Bytes),
        ];
        assert_eq!(found, expected);

        let body = DynSolValue::Tuple(vec![
            DynSolValue::Uint(U256::from(7), 256),
            DynSolValue::Tuple(vec![
                DynSolValue::Bool(true),
                DynSolValue::Array(vec![DynSolValue::Uint(U256::from(1), 16), DynSolValue::Uint(U256::from(2), 16)]),
            ]),
            DynSolValue::String("text".into()),
        ]);
        let address = Address::repeat_byte(0xaa);
        let topics = [address.into_word(), B256::from(U256::from(5)), keccak256("hashed")];
        let data = body.abi_encode_params();
        let mut cells = Cells::default();
        columns.write(&topics, &data, &mut cells).unwrap();
        let row: Row = (0..cells.len()).map(|index| cells.get(index).to_value()).collect();
        let expected: Row = vec![
            address.to_value(),
            Value::Text("017".into()),
            Value::Integer(5),
            Value::Integer(1),
            Value::Text(r#"["1","2"]"#.into()),
            Value::Text("text".into()),
            keccak256("hashed").to_value(),
        ];
        assert_eq!(row, expected);
        // The text's padding may be missing, as nothing is in it.
        for cut in 0..data.len() - (32 - "text".len()) {
            assert!(columns.write(&topics, &data[..cut], &mut cells).is_err(), "{cut} bytes are no event");
        }
        assert_eq!(columns.write(&topics[..2], &data, &mut cells), Err(WrongData::Topics));
    }
}
