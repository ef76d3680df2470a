//! Choices that are about the same packages are made together (`portage.dep._dnf`): `|| ( a b ) || ( b c )` is had with b alone.

use std::collections::HashMap;

use super::choice::Node;

/// More combinations than these are not looked at; such choices are made one by one.
const MOST_COMBINATIONS: usize = 512;

/// The same, with overlapping choices as one; and whether there were such.
pub(super) fn without_overlap(nodes: Vec<Node>) -> (Vec<Node>, bool) {
    let groups = overlapping(&nodes);
    if groups.iter().all(|group| group.len() < 2) {
        return (nodes, false);
    }
    let is_grouped = |place: &usize| groups.iter().any(|group| group.contains(place));
    let mut result: Vec<Node> = nodes.iter().enumerate().filter(|(place, _)| !is_grouped(place)).map(|(_, node)| node.clone()).collect();
    for group in &groups {
        let mut members: Vec<Node> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for node in group.iter().filter_map(|place| nodes.get(*place)) {
            let text = text(node);
            if !texts.contains(&text) {
                texts.push(text);
                members.push(node.clone());
            }
        }
        match combined(&members).filter(|_| members.len() > 1) {
            Some(choices) => result.push(Node::AnyOf(choices)),
            None => result.append(&mut members),
        }
    }
    (result, true)
}

/// The places of choices, those together that have a package's name in common, in the order in which names come up.
fn overlapping(nodes: &[Node]) -> Vec<Vec<usize>> {
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, node) in nodes.iter().enumerate().filter(|(_, node)| matches!(node, Node::AnyOf(_))) {
        let mut leaves = Vec::new();
        node.leaves(&mut leaves);
        let own: Vec<String> = leaves.iter().filter(|leaf| leaf.atom.blocker.is_none()).map(|leaf| leaf.atom.category_and_name()).collect();
        if own.is_empty() {
            continue;
        }
        // All groups that have one of its names become one, where the first of them was.
        let mut touched: Vec<usize> = own.iter().filter_map(|name| names.get(name).copied()).collect();
        touched.sort_unstable();
        touched.dedup();
        let target = touched.first().copied().unwrap_or(groups.len());
        if target == groups.len() {
            groups.push(Vec::new());
        }
        for other in touched.into_iter().skip(1) {
            let moved = groups.get_mut(other).map(std::mem::take).unwrap_or_default();
            names.values_mut().filter(|group| **group == other).for_each(|group| *group = target);
            if let Some(group) = groups.get_mut(target) {
                group.extend(moved);
            }
        }
        if let Some(group) = groups.get_mut(target) {
            group.push(place);
            group.sort_unstable();
        }
        names.extend(own.into_iter().map(|name| (name, target)));
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Every way to have all of several dependencies; none if there are too many.
fn combined(nodes: &[Node]) -> Option<Vec<Vec<Node>>> {
    let plain: Vec<Node> = nodes.iter().filter(|node| matches!(node, Node::Leaf(_))).cloned().collect();
    let mut ways = vec![plain];
    for node in nodes {
        let Node::AnyOf(choices) = node else { continue };
        let mut alternatives = Vec::new();
        for choice in choices {
            alternatives.extend(combined(choice)?);
            if alternatives.len().saturating_mul(ways.len()) > MOST_COMBINATIONS {
                return None;
            }
        }
        let joined = |way: &Vec<Node>| alternatives.iter().map(|other| [way.as_slice(), other].concat()).collect::<Vec<_>>();
        ways = ways.iter().flat_map(joined).collect();
    }
    Some(ways)
}

fn text(node: &Node) -> String {
    match node {
        Node::Leaf(leaf) => leaf.atom.to_string(),
        Node::AnyOf(choices) => {
            let choice = |choice: &Vec<Node>| choice.iter().map(text).collect::<Vec<_>>().join(" ");
            format!("|| ( {} )", choices.iter().map(choice).collect::<Vec<_>>().join(" | "))
        }
    }
}
