//! A manifest as a tree: JSON's values with the author's order of keys, no key twice, and for YAML the place of
//! each value in the file.

use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

/// One value of the document. Two are equal wherever they stand.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Tree,
    /// Line and column, both from 1; only YAML has them.
    pub(crate) place: Option<(u64, u64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(IndexMap<String, Node>),
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.value == other.value
    }
}

impl Node {
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self.value {
            Tree::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// A whole number of 64 bits. Like JSON Schema's integers, `2.0` is one.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        const BOUND: f64 = 9_223_372_036_854_775_808.0; // 2^63
        let Tree::Number(number) = &self.value else {
            return None;
        };
        number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|_| number.is_f64())?;
            (float.fract() == 0.0 && (-BOUND..BOUND).contains(&float)).then_some(float as i64)
        })
    }

    pub(crate) fn as_float(&self) -> Option<f64> {
        match &self.value {
            Tree::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Tree::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_map(&self) -> Option<&IndexMap<String, Node>> {
        match &self.value {
            Tree::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// What is under `key`, if this is a map and has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The same as a plain JSON value, which may forget the order of keys.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.value {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => items.iter().map(Node::to_json).collect(),
            Tree::Map(entries) => entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect(),
        }
    }

    /// How many lists and maps are around the innermost value.
    pub(crate) fn depth(&self) -> usize {
        match &self.value {
            Tree::List(items) => 1 + items.iter().map(Node::depth).max().unwrap_or(0),
            Tree::Map(entries) => 1 + entries.values().map(Node::depth).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Tree::Null => serializer.serialize_unit(),
            Tree::Bool(value) => serializer.serialize_bool(*value),
            Tree::Number(number) => number.serialize(serializer),
            Tree::Text(text) => serializer.serialize_str(text),
            Tree::List(items) => serializer.collect_seq(items),
            Tree::Map(entries) => serializer.collect_map(entries),
        }
    }
}

/// A node without a place, from any format.
pub(crate) struct Plain(Node);

impl From<Plain> for Node {
    fn from(plain: Plain) -> Node {
        plain.0
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(TreeVisitor::<Plain>(PhantomData))?;
        Ok(Plain(Node { value, place: None }))
    }
}

/// A node with its place, from YAML.
#[cfg(feature = "yaml")]
pub(crate) struct Placed(Node);

#[cfg(feature = "yaml")]
impl From<Placed> for Node {
    fn from(placed: Placed) -> Node {
        placed.0
    }
}

#[cfg(feature = "yaml")]
impl<'de> Deserialize<'de> for Placed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bare(Tree);
        impl<'de> Deserialize<'de> for Bare {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(TreeVisitor::<Placed>(PhantomData)).map(Bare)
            }
        }
        let spanned = serde_saphyr::Spanned::<Bare>::deserialize(deserializer)?;
        let place = (spanned.referenced.line(), spanned.referenced.column());
        Ok(Placed(Node { value: spanned.value.0, place: Some(place) }))
    }
}

/// Builds a tree whose inner nodes are read as `N`.
struct TreeVisitor<N>(PhantomData<N>);

impl<'de, N: Deserialize<'de> + Into<Node>> Visitor<'de> for TreeVisitor<N> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        Number::from_f64(value).map(Tree::Number).ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<N>()? {
            items.push(item.into());
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = IndexMap::new();
        while let Some(key) = access.next_key::<String>()? {
            if entries.contains_key(&key) {
                return Err(A::Error::custom(format!(
                    "the key {} is there twice",
                    crate::path::excerpt(&key)
                )));
            }
            let node = access.next_value::<N>()?.into();
            entries.insert(key, node);
        }
        Ok(Tree::Map(entries))
    }
}
